"""Enrichment adds the joined columns and nothing else."""

import pytest

from tests.unit.pipeline.examples import NOON_US, PING, schema
from wavetank.pipeline.core.enrich import enrich, misfit, processed
from wavetank.pipeline.enrichment import Enrichment
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.records import Event

CAMPAIGNS = Enrichment("campaigns", "campaign", ("advertiser", "vertical"))
SNAPSHOT = {"men": {"advertiser": "A", "vertical": "fashion", "secret": "no"}}


def test_an_event_gets_the_columns_of_the_row_it_joins_with() -> None:
    fields = {"event_id": "1", "campaign": "men"}
    assert enrich(fields, CAMPAIGNS, SNAPSHOT) == {**fields, "advertiser": "A", "vertical": "fashion"}


def test_a_number_joins_with_the_row_of_its_digits() -> None:
    enriched = enrich({"campaign": 7}, CAMPAIGNS, {"7": {"advertiser": "B"}})
    assert (enriched["advertiser"], enriched["vertical"]) == ("B", None)


@pytest.mark.parametrize("campaign", [0, False, "", "0"])
def test_a_key_that_is_zero_false_or_empty_is_a_key(campaign: object) -> None:
    enriched = enrich({"campaign": campaign}, CAMPAIGNS, {str(campaign): {"advertiser": "B"}})
    assert enriched["advertiser"] == "B"


@pytest.mark.parametrize("campaign", [None, "unknown", 7])
def test_an_event_without_a_row_gets_nulls(campaign: object) -> None:
    enriched = enrich({"event_id": "1", "campaign": campaign}, CAMPAIGNS, SNAPSHOT)
    assert (enriched["advertiser"], enriched["vertical"]) == (None, None)


def test_without_an_enrichment_an_event_stays_as_it_is() -> None:
    assert enrich({"event_id": "1"}, None, {}) == {"event_id": "1"}


def test_a_time_in_milliseconds_goes_on_in_the_unit_of_the_processed_schema() -> None:
    event = Event("1", NOON_US, {"event_id": "1", "event_time": NOON_US // 1000})
    assert processed(event, None, {}, PING)["event_time"] == NOON_US


@pytest.mark.parametrize("document", [[], {"reference": "campaigns"}, {"reference": "c", "on": "x", "add": []}])
def test_an_ill_formed_enrichment_is_refused_naming_the_file(document: object) -> None:
    with pytest.raises(ConfigurationError, match=r"enrichment\.json"):
        Enrichment.from_document(document, "enrichment.json")


def test_a_column_that_does_not_fit_is_named_with_its_rule_and_others_are_not_looked_at() -> None:
    day = {"type": ["null", {"type": "int", "logicalType": "date"}], "default": None}
    target = schema({"name": "since", **day}, {"name": "until", **day})
    added = Enrichment("campaigns", "label", ("since",))
    fields = {"since": 2**30, "until": 2**30}
    assert str(misfit(fields, added, target)) == (
        "field since: 1073741824 is no number of days between the years 1 and 9999"
    )
    assert misfit({**fields, "since": 1}, added, target) is None
    assert misfit({**fields, "since": None}, added, target) is None
    assert misfit(fields, None, target) is None
