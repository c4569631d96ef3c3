"""Rules on events: which values keep them, and which rules fit which types."""

import json
from decimal import Decimal
from typing import Any

import pytest

from wavetank.pipeline.avro.model import Record
from wavetank.pipeline.avro.parse import parse
from wavetank.pipeline.avro.rules import UnfitRule, breach, checks_of

HOUR_US = 3_600_000_000
DOCUMENT: dict[str, Any] = {
    "type": "record",
    "name": "Purchase",
    "fields": [
        {"name": "event_id", "type": "string"},
        {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "seen", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}]},
        {"name": "price", "type": ["null", {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}]},
        {"name": "number", "type": ["null", "int"]},
        {"name": "share", "type": "double"},
        {"name": "gift", "type": ["null", "boolean"]},
        {"name": "currency", "type": ["null", "string"]},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["NEW", "OLD"]}},
        {
            "name": "address",
            "type": ["null", {"type": "record", "name": "Address", "fields": [{"name": "city", "type": "string"}]}],
        },
        {"name": "tags", "type": {"type": "map", "values": "string"}},
    ],
}
SOUND: dict[str, Any] = {
    "event_id": "a",
    "event_time": 100 * HOUR_US,
    "seen": None,
    "price": None,
    "number": None,
    "share": 0.5,
    "gift": None,
    "currency": None,
    "kind": "NEW",
    "address": None,
    "tags": {},
}
SCHEMA = parse(json.loads(json.dumps(DOCUMENT)))


def broken(rule: dict[str, Any], *, arrived_us: int = 100 * HOUR_US, **fields: Any) -> str | None:
    assert isinstance(SCHEMA, Record)
    return breach(SOUND | fields, checks_of([rule], SCHEMA), arrived_us)


@pytest.mark.parametrize(
    ("rule", "kept", "breaking"),
    [
        ({"field": "price", "minimum": 0.1}, (Decimal("0.1"), Decimal("5.00"), None), (Decimal("0.09"), Decimal("-1"))),
        ({"field": "price", "maximum": 0.1}, (Decimal("0.10"), None), (Decimal("0.11"),)),
        ({"field": "number", "minimum": 0}, (0, 7, None), (-1,)),
        ({"field": "number", "maximum": 3}, (3, None), (4,)),
        ({"field": "share", "minimum": 0, "maximum": 1}, (0.0, 1.0), (-0.1, 1.1, float("nan"), float("inf"))),
        ({"field": "currency", "pattern": "[A-Z]{3}"}, ("EUR", None), ("eur", "EURO", "EUR\n", "")),
        ({"field": "kind", "pattern": "N.*"}, ("NEW",), ("OLD",)),
        ({"field": "currency", "allowed": ["EUR", "USD"]}, ("EUR", None), ("JPY", "")),
        ({"field": "number", "allowed": [1, 2]}, (1, None), (3,)),
        ({"field": "gift", "allowed": [True]}, (True, None), (False,)),
        ({"field": "currency", "required": True}, ("",), (None,)),
        ({"field": "address.city", "required": True}, (), ()),
    ],
)
def test_a_rule_is_kept_by_these_values_and_broken_by_those(
    rule: dict[str, Any], kept: tuple[object, ...], breaking: tuple[object, ...]
) -> None:
    fields: list[dict[str, Any]] = [{rule["field"].split(".")[0]: value} for value in (*kept, *breaking)]
    assert [broken(rule, **one) is not None for one in fields] == [False] * len(kept) + [True] * len(breaking)


def test_a_breach_names_field_demand_and_value_in_few_characters() -> None:
    assert broken({"field": "number", "minimum": 0}, number=-3) == "field number: is at least 0, got -3"
    text = broken({"field": "currency", "pattern": "[A-Z]{3}"}, currency="x" * 10_000)
    assert text is not None
    assert text.startswith("field currency: matches [A-Z]{3}, got 'xxx")
    assert len(text) < 200


def test_a_field_in_a_record_that_is_not_there_breaks_only_what_requires_it() -> None:
    required, pattern = {"field": "address.city", "required": True}, {"field": "address.city", "pattern": "B.*"}
    assert broken(required) == "field address.city: is required, got None"
    assert broken(pattern) is None
    assert broken(pattern, address={"city": "Bonn"}) is None
    assert broken(pattern, address={"city": "Ulm"}) is not None


def test_an_age_is_told_from_event_to_arrival() -> None:
    rule = {"field": "event_time", "max_age_hours": 24}
    assert broken(rule, arrived_us=124 * HOUR_US) is None
    assert broken(rule, arrived_us=124 * HOUR_US + 1) is not None
    millis = {"field": "seen", "max_age_hours": 1}
    assert broken(millis, arrived_us=124 * HOUR_US, seen=123 * HOUR_US // 1_000) is None
    assert broken(millis, arrived_us=124 * HOUR_US, seen=123 * HOUR_US // 1_000 - 1) is not None


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        (
            {"field": "prise", "minimum": 0},
            "field prise: is no field of the newest processed schema; did you mean price?",
        ),
        ({"field": "address.zip", "required": True}, "there are: city"),
        ({"field": "price.amount", "minimum": 0}, "price is bytes (decimal), and a path leads through records"),
        ({"field": "tags.x", "required": True}, "tags is map of string, and a path leads through records"),
        ({"field": "currency", "minimum": 0}, "minimum is no rule for string; it is one for numbers"),
        ({"field": "number", "pattern": "1"}, "pattern is no rule for int"),
        ({"field": "number", "allowed": ["1"]}, "allowed is no rule for int"),
        ({"field": "number", "allowed": [True]}, "allowed is no rule for int"),
        ({"field": "gift", "allowed": [1]}, "allowed is no rule for boolean"),
        ({"field": "kind", "allowed": ["NEW", "NEWER"]}, "allowed is no rule for enum Kind"),
        ({"field": "number", "max_age_hours": 1}, "max_age_hours is no rule for int; it is one for timestamps"),
        ({"field": "event_id", "required": True}, "its type is never null; leave the rule out"),
    ],
)
def test_a_rule_that_does_not_fit_is_refused_with_the_way_out(rule: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UnfitRule) as refused:
        broken(rule)
    assert complaint in str(refused.value)
