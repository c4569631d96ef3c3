"""Enrichment adds the joined columns, as of the arrival, and nothing else."""

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.pipeline.examples import NOON_US, Published, event, schema, snapshot, table
from wavetank.pipeline.avro.events import AS_OF_FIELD
from wavetank.pipeline.avro.python_values import Misfit
from wavetank.pipeline.core.decode import encode
from wavetank.pipeline.core.enrich import Enricher, UnfitReference, misfit
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.enrichment import Enrichment
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.records import Event

TEXT = {"type": ["null", "string"], "default": None}
DAY = {"type": ["null", {"type": "int", "logicalType": "date"}], "default": None}
AS_OF = {
    "name": AS_OF_FIELD,
    "type": ["null", {"type": "long", "logicalType": "timestamp-micros"}],
    "default": None,
}
CAMPAIGNS = Enrichment("campaigns", ("campaign",), ("advertiser", "vertical"))
SHAPE = table({"campaign": "string", "advertiser": "string", "vertical": "string", "secret": "string"})
ROWS = (("men", "A", "fashion", "no"), ("none", None, None, "no"))
TARGET = schema({"name": "campaign", **TEXT}, {"name": "advertiser", **TEXT}, {"name": "vertical", **TEXT}, AS_OF)


def decimal(precision: int, scale: int) -> dict[str, Any]:
    return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}


def enricher(*rows: Any, shape: Any = SHAPE, enrichment: Enrichment = CAMPAIGNS, target: Schema = TARGET) -> Enricher:
    history = Published(**{enrichment.reference: [(0, snapshot(shape, *rows)[1])]})
    return Enricher(target, enrichment, (enrichment.reference,), history)


def enriched(by: Enricher, fields: dict[str, Any], arrived_us: int = NOON_US) -> dict[str, Any]:
    return by.enriched(Event("id-1", NOON_US, fields), by.in_effect(arrived_us))


def test_an_event_gets_the_columns_of_the_row_it_joins_with_and_as_of_when() -> None:
    fields = {**event(1), "campaign": "men"}
    added = {"advertiser": "A", "vertical": "fashion", AS_OF_FIELD: 0}
    assert enriched(enricher(*ROWS), fields) == fields | added


@pytest.mark.parametrize("campaign", ["unknown", ""])
def test_an_event_without_a_row_gets_nulls_and_is_counted(campaign: object) -> None:
    by = enricher(*ROWS)
    found = enriched(by, {**event(1), "campaign": campaign})
    assert (found["advertiser"], found["vertical"]) == (None, None)
    assert (by.look_ups, by.misses) == (1, 1)


def test_a_null_in_a_row_that_is_there_is_null_and_no_miss() -> None:
    by = enricher(*ROWS)
    assert enriched(by, {**event(1), "campaign": "none"})["advertiser"] is None
    assert (by.look_ups, by.misses) == (1, 0)


def test_an_event_whose_key_is_null_looks_nothing_up() -> None:
    by = enricher(*ROWS)
    assert enriched(by, {**event(1), "campaign": None})["advertiser"] is None
    assert (by.look_ups, by.misses) == (0, 0)


@pytest.mark.parametrize("campaign", [0, 7, False, "", "0"])
def test_what_is_joined_with_a_key_of_texts_is_taken_as_text(campaign: object) -> None:
    found = enriched(enricher((str(campaign), "B", None, None)), {**event(1), "campaign": campaign})
    assert found["advertiser"] == "B"


def test_an_event_is_joined_by_several_fields_in_the_order_of_the_key() -> None:
    shape = table({"country": "string", "day": "date", "rate": "decimal(6, 2)"}, "country", "day")
    target = schema(
        {"name": "land", **TEXT},
        {"name": "on", **DAY},
        {"name": "rate", "type": ["null", decimal(8, 2)], "default": None},
    )
    rates = Enrichment("rates", ("land", "on"), ("rate",))
    by = enricher(("de", 18_000, Decimal("19.5")), ("de", 18_001, None), shape=shape, enrichment=rates, target=target)
    assert enriched(by, {**event(1), "land": "de", "on": 18_000})["rate"] == (1_950).to_bytes(2)
    assert enriched(by, {**event(1), "land": "de", "on": 18_001})["rate"] is None
    assert enriched(by, {**event(1), "land": "fr", "on": 18_000})["rate"] is None
    assert enriched(by, {**event(1), "land": None, "on": 18_000})["rate"] is None
    assert (by.look_ups, by.misses) == (3, 1)


@pytest.mark.parametrize(
    ("kind", "avro", "value", "written"),
    [
        ("decimal(6, 2)", decimal(6, 2), Decimal(10), b"\x03\xe8"),
        ("decimal(6, 2)", decimal(9, 3), Decimal("-0.01"), b"\xf6"),
        ("date", {"type": "int", "logicalType": "date"}, 18_224, 18_224),
        ("timestamp", {"type": "long", "logicalType": "timestamp-micros"}, NOON_US + 1, NOON_US + 1),
        ("timestamp", {"type": "long", "logicalType": "timestamp-millis"}, NOON_US + 1, NOON_US // 1_000),
        ("timestamp", {"type": "long", "logicalType": "timestamp-millis"}, -1, -1),
        ("int", "long", 2**40, 2**40),
        ("int", "double", 3, 3),
        ("float", "double", 0.1, 0.1),
        ("boolean", "boolean", False, False),
        ("bytes", "bytes", b"\x00", b"\x00"),
    ],
)  # fmt: skip
def test_a_column_is_written_as_the_field_of_the_processed_schema_has_it(
    kind: str, avro: Any, value: Any, written: Any
) -> None:
    target = schema({"name": "x", "type": ["null", avro], "default": None})
    by = enricher(
        ("a", value),
        shape=table({"k": "string", "x": kind}),
        enrichment=Enrichment("r", ("label",), ("x",)),
        target=target,
    )
    found = enriched(by, event(1, label="a"))
    assert found["x"] == written
    assert encode(found, target)


def test_a_decimal_that_is_too_long_for_its_field_is_a_misfit_that_names_it() -> None:
    target = schema({"name": "x", "type": ["null", decimal(3, 2)], "default": None})
    shape = table({"k": "string", "x": "decimal(6, 2)"})
    by = enricher(("a", Decimal(100)), shape=shape, enrichment=Enrichment("r", ("label",), ("x",)), target=target)
    with pytest.raises(Misfit, match=r"x: 100\.00 has more than the 3 digits"):
        enriched(by, event(1, label="a"))


def test_each_event_of_a_batch_is_enriched_as_of_its_own_arrival() -> None:
    history = [(0, snapshot(SHAPE, ("men", "A", "", ""))[1]), (NOON_US, snapshot(SHAPE, ("men", "B", "", ""))[1])]
    by = Enricher(TARGET, CAMPAIGNS, ("campaigns",), Published(campaigns=history))
    arrivals = (NOON_US - 1, NOON_US, NOON_US + 1, NOON_US - 1)
    found = [enriched(by, {**event(1), "campaign": "men"}, arrived_us) for arrived_us in arrivals]
    assert [(each["advertiser"], each[AS_OF_FIELD]) for each in found] == [
        ("A", 0), ("B", NOON_US), ("B", NOON_US), ("A", 0),
    ]  # fmt: skip


def test_an_event_is_enriched_as_of_the_latest_change_of_all_references_that_its_type_uses() -> None:
    data = snapshot(SHAPE, *ROWS)[1]
    history = Published(campaigns=[(0, data), (20, data)], prices=[(0, data), (10, data), (30, data)])
    by = Enricher(TARGET, CAMPAIGNS, ("campaigns", "prices"), history)
    stamps = [enriched(by, {**event(1), "campaign": "men"}, at)[AS_OF_FIELD] for at in (9, 10, 20, 29, 30)]
    assert stamps == [0, 10, 20, 20, 30]


def test_without_reference_data_an_event_stays_as_it_is_and_as_of_is_null() -> None:
    fields = {**event(1), "campaign": "men"}
    assert enriched(Enricher(TARGET), fields) == fields | {AS_OF_FIELD: None}


def test_a_schema_without_the_field_has_no_as_of() -> None:
    target = schema({"name": "campaign", **TEXT}, {"name": "advertiser", **TEXT}, {"name": "vertical", **TEXT})
    assert AS_OF_FIELD not in enriched(enricher(*ROWS, target=target), {**event(1), "campaign": "men"})


def test_a_column_that_the_reference_had_not_yet_is_null() -> None:
    shape = table({"campaign": "string", "advertiser": "string"})
    found = enriched(enricher(("men", "A"), shape=shape), {**event(1), "campaign": "men"})
    assert (found["advertiser"], found["vertical"]) == ("A", None)


def test_a_snapshot_with_another_key_is_an_outage_that_names_both() -> None:
    shape = table({"campaign": "string", "advertiser": "string"}, "campaign", "advertiser")
    with pytest.raises(UnfitReference, match="key campaign, advertiser, and events are joined by campaign"):
        enriched(enricher(shape=shape), {**event(1), "campaign": "men"})


def test_a_time_in_milliseconds_goes_on_in_the_unit_of_the_processed_schema() -> None:
    found = enriched(Enricher(TARGET), {"event_id": "1", "event_time": NOON_US // 1000})
    assert found["event_time"] == NOON_US


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"reference": "campaigns"},
        {"reference": "c", "on": "x", "add": []},
        {"reference": "c", "on": [], "add": ["y"]},
        {"reference": "c", "on": ["x", "x"], "add": ["y"]},
        {"reference": "c", "on": "x", "add": ["y", "y"]},
        {"reference": "c", "on": [1], "add": ["y"]},
    ],
)
def test_an_ill_formed_enrichment_is_refused_naming_the_file(document: object) -> None:
    with pytest.raises(ConfigurationError, match=r"enrichment\.json"):
        Enrichment.from_document(document, "enrichment.json")


def test_an_enrichment_is_read_as_it_was_written() -> None:
    for on in (("a",), ("a", "b")):
        each = Enrichment("c", on, ("x",))
        assert Enrichment.from_document(each.to_document(), "here") == each
    assert Enrichment.from_document({"reference": "c", "on": "a", "add": ["x"]}, "here").on == ("a",)


def test_a_column_that_does_not_fit_is_named_with_its_rule_and_others_are_not_looked_at() -> None:
    target = schema({"name": "since", **DAY}, {"name": "until", **DAY})
    added = Enrichment("campaigns", ("label",), ("since",))
    fields = {"since": 2**30, "until": 2**30}
    assert str(misfit(fields, added, target)) == (
        "field since: 1073741824 is no number of days between the years 1 and 9999"
    )
    assert misfit({**fields, "since": 1}, added, target) is None
    assert misfit({**fields, "since": None}, added, target) is None
    assert misfit(fields, None, target) is None
