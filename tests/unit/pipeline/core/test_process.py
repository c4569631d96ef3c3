"""What a message becomes: an entry of the processed stream, or the rule that it breaks."""

from typing import Any

import pytest

from tests.unit.pipeline.examples import HOUR_US, NOON_US, Published, event, schema, snapshot, table
from wavetank.pipeline.core.decode import encode
from wavetank.pipeline.core.enrich import Enricher
from wavetank.pipeline.core.envelope import Message
from wavetank.pipeline.core.process import BatchContext, process, references_of
from wavetank.pipeline.core.schema import Role, Schema
from wavetank.pipeline.enrichment import Enrichment
from wavetank.pipeline.records import Dropped, Entry, Reason, Rejection

PRICE = {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}}
SINCE = {"name": "since", "type": ["null", {"type": "int", "logicalType": "date"}], "default": None}
RAW = schema(PRICE, role=Role.RAW)
CAMPAIGNS = Enrichment("campaigns", ("label",), ("since",))
SHAPE, TEXTS = (table({"label": "string", "since": kind}) for kind in ("int", "string"))


def outcome(fields: dict[str, Any], target: Schema, *rows: tuple[Any, ...]) -> Entry | Rejection | Dropped:
    shape = TEXTS if any(isinstance(value, str) for row in rows for value in row[1:]) else SHAPE
    references = Published(campaigns=[(0, snapshot(shape, *rows)[1])])
    enricher = Enricher(target, CAMPAIGNS, references_of(CAMPAIGNS, None), references)
    context = BatchContext({RAW.fingerprint: RAW}, enricher, HOUR_US)
    return process(Message(RAW.fingerprint, encode(fields, RAW)), context, NOON_US)


@pytest.mark.parametrize(("key", "put_by"), [("event_id", "id-1"), ("label", "a"), ("price", "id-1")])
def test_an_event_is_put_by_the_field_that_its_type_is_put_by(key: str, put_by: str) -> None:
    target = schema()
    context = BatchContext({RAW.fingerprint: RAW}, Enricher(target), HOUR_US, partition_key=key)
    message = Message(RAW.fingerprint, encode({**event(1), "label": "a", "price": b"\x01"}, RAW))
    entry = process(message, context, NOON_US)
    assert isinstance(entry, Entry)
    assert entry.key == put_by


def test_twenty_sound_events_go_on_beside_three_whose_decimal_has_a_digit_too_many() -> None:
    prices = [b"\x01"] * 20 + [(1_234_567).to_bytes(3)] * 3
    outcomes = [outcome({**event(at), "price": price}, schema(PRICE, SINCE)) for at, price in enumerate(prices)]
    assert [isinstance(one, Entry) for one in outcomes] == [True] * 20 + [False] * 3
    rule = "processed v1: field price: 1234567 has more than the 4 digits of its decimal"
    assert outcomes[20:] == [Rejection(Reason.DOES_NOT_FIT, rule, f"id-{at}") for at in (20, 21, 22)]


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (18_000, None),
        (2**31 - 1, "processed v1: field since: 2147483647 is no number of days between the years 1 and 9999"),
        ("2020-01-01", "does not fit schemas/ping/processed/v1.avsc"),
    ],
)
def test_a_column_of_the_enrichment_that_cannot_be_at_rest_fails_it(since: object, expected: str | None) -> None:
    fields = {**event(1, label="a"), "price": b"\x01"}
    found = outcome(fields, schema(PRICE, SINCE), ("a", since))
    if expected is None:
        assert isinstance(found, Entry)
        return
    assert isinstance(found, Rejection)
    assert found.reason is Reason.ENRICHMENT_FAILED
    assert found.message.startswith(expected)


def test_every_event_of_a_target_that_parquet_has_no_column_for_is_set_aside() -> None:
    either = schema(PRICE, {"name": "x", "type": ["null", "int", "string"], "default": None})
    found = outcome({**event(1), "price": b"\x01"}, either)
    assert isinstance(found, Rejection)
    assert (found.reason, found.event_id) == (Reason.DOES_NOT_FIT, "id-1")
    assert "field x: a union of several types" in found.message
