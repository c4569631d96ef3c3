"""Schemas and values that can be at rest."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given

from tests.unit.pipeline.avro.logical import NUMBERS, landable
from tests.unit.pipeline.corpus import schema_of
from wavetank.pipeline.avro.model import Record
from wavetank.pipeline.avro.parse import parse
from wavetank.pipeline.avro.storable import MOST_NESTED, field_misfits, is_restricted, schema_misfits, value_misfits

DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}
FIXED = {"type": "fixed", "name": "Cents", "size": 3, "logicalType": "decimal", "precision": 4}
DATE = {"type": "int", "logicalType": "date"}
NODE = {"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"]}]}


def record(*fields: Mapping[str, Any], name: str = "Top") -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields)}


def schema_rules(*fields: Mapping[str, Any]) -> list[str]:
    parsed = parse(record(*fields))
    assert isinstance(parsed, Record)
    return list(map(str, schema_misfits(parsed)))


@pytest.mark.parametrize(
    ("avro", "path", "rule"),
    [
        (["int", "string"], "x", "a union of several types"),
        ([], "x", "a union of nothing"),
        ({"type": "array", "items": record(name="Empty")}, "x[]", "has no fields"),
        (NODE, "x.next", "contains itself"),
        (record({"name": "deep", "type": {"type": "map", "values": []}}, name="In"), "x.deep{}", "a union of nothing"),
    ],
)
def test_what_parquet_has_no_column_for_is_named_by_path_and_rule(avro: Any, path: str, rule: str) -> None:
    (said,) = schema_rules({"name": "x", "type": avro})
    assert said.startswith(f"field {path}: ")
    assert rule in said


def nested(levels: int) -> Any:
    avro: Any = "int"
    for level in range(levels):
        avro = {"type": "array", "items": avro} if level % 2 else {"type": "map", "values": avro}
    return avro


def test_arrays_and_maps_may_be_nested_as_deep_as_duckdb_reads_quickly() -> None:
    assert not schema_rules({"name": "x", "type": nested(MOST_NESTED)})
    (said,) = schema_rules({"name": "x", "type": nested(MOST_NESTED + 1)})
    assert "arrays and maps are nested more than 16 deep" in said


@pytest.mark.parametrize(
    ("field", "path", "rule"),
    [
        ({"type": DECIMAL, "default": "\u0012\u00d6\u0087"}, "x", "the default 1234567 has more than the 4 digits"),
        ({"type": FIXED, "default": "\u0012\u00d6\u0087"}, "x", "the default 1234567 has more than the 4 digits"),
        ({"type": DATE, "default": 2_932_897}, "x", "the default 2932897 is no number of days"),
        ({"type": [DATE, "null"], "default": -719_163}, "x", "the default -719163 is no number of days"),
        ({"type": {"type": "array", "items": DATE}, "default": [0, 2**30]}, "x[1]", "the default 1073741824"),
        ({"type": {"type": "map", "values": DATE}, "default": {"a": 2**30}}, "x{a}", "the default 1073741824"),
        ({"type": record({"name": "d", "type": DATE}, name="In"), "default": {"d": 2**30}}, "x.d", "the default"),
        ({"type": record({"name": "d", "type": DATE, "default": 2**30}, name="In")}, "x.d", "the default"),
    ],
)
def test_a_default_that_does_not_fit_is_a_misfit_of_the_schema(field: dict[str, Any], path: str, rule: str) -> None:
    (said,) = schema_rules({"name": "x", **field})
    assert said.startswith(f"field {path}: {rule}")


@pytest.mark.parametrize(
    "field",
    [
        {"type": DECIMAL, "default": "\u0001"},
        {"type": ["null", DATE], "default": None},
        {"type": DATE, "default": 2_932_896},
        {"type": DATE, "default": "not a date, which is another rule's breach"},
        {"type": {"type": "fixed", "name": "None", "size": 0}},
        {"type": {"type": "enum", "name": "None", "symbols": []}},
    ],
)
def test_what_can_be_at_rest_has_no_misfits(field: dict[str, Any]) -> None:
    assert not schema_rules({"name": "x", **field})


def test_defaults_that_stand_for_much_are_looked_at_once() -> None:
    inner: Any = record({"name": "d", "type": DATE, "default": 0}, name="R0")
    for level in range(1, 9):
        twice = [{"name": name, "type": f"R{level - 1}", "default": {}} for name in "bc"]
        inner = record({"name": "a", "type": inner, "default": {}}, *twice, name=f"R{level}")
    begun = time.process_time()
    assert not schema_rules({"name": "x", "type": inner, "default": {}})
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("logical", NUMBERS)
def test_the_first_and_the_last_number_of_a_type_can_be_at_rest_and_no_other(logical: str) -> None:
    physical, low, high = NUMBERS[logical]
    avro = parse({"type": physical, "logicalType": logical})
    assert is_restricted(avro)
    assert not [*value_misfits(low, avro), *value_misfits(high, avro)]
    for number in (low - 1, high + 1):
        (misfit,) = value_misfits(number, avro, "x")
        assert str(misfit).startswith(f"field x: {number} is no number of ")


def test_a_number_of_very_many_digits_is_told_by_how_many() -> None:
    (misfit,) = value_misfits(b"\x7f" + bytes(1_000_000), parse(DECIMAL), "x")
    assert str(misfit) == "field x: a number of some 2,408,242 digits has more than the 4 digits of its decimal"


@given(landable())
def test_values_within_their_ranges_have_no_misfits(generated: tuple[dict[str, Any], list[dict[str, Any]]]) -> None:
    made = schema_of(generated[0])
    assert not made.unusable
    for fields in generated[1]:
        assert not list(field_misfits(fields, made.avro.fields))
