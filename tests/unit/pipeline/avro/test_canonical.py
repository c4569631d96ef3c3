"""The canonical form and fingerprints, from the specification's rules and its published fingerprints."""

from itertools import permutations
from json import loads
from typing import Any

import pytest
from fastavro import parse_schema
from fastavro.schema import to_parsing_canonical_form

from wavetank.pipeline.avro.canonical import EMPTY, canonical_of, crc64
from wavetank.pipeline.avro.model import PRIMITIVES, InvalidSchema

RULES: list[tuple[Any, str]] = [
    ({"type": "int"}, '"int"'),
    ({"type": {"type": "string", "avro.java.string": "String"}}, '"string"'),
    ([" int".strip(), {"type": "boolean"}], '["int","boolean"]'),
    ([], "[]"),
    ({"type": "fixed", "name": "F", "size": "0015", "doc": "x"}, '{"name":"F","type":"fixed","size":15}'),
    ({"items": {"type": "null"}, "type": "array", "default": []}, '{"type":"array","items":"null"}'),
    (
        {"type": "enum", "namespace": "x.y", "symbols": ["A", "B"], "name": "E", "aliases": ["F"], "default": "A"},
        '{"name":"x.y.E","type":"enum","symbols":["A","B"]}',
    ),
    (
        {"type": "record", "name": "a.b.R", "namespace": "x", "fields": [{"type": ["null", "R"], "name": "next"}]},
        '{"name":"a.b.R","type":"record","fields":[{"name":"next","type":["null","a.b.R"]}]}',
    ),
    (
        {"type": "error", "name": "R", "fields": [{"name": "f", "type": "boolean", "default": "no boolean"}]},
        '{"name":"R","type":"record","fields":[{"name":"f","type":"boolean"}]}',
    ),
    (
        {
            "type": "record",
            "name": "Outer",
            "namespace": "n",
            "fields": [
                {"name": "a", "type": {"type": "record", "name": "In", "namespace": "m", "fields": []}},
                {"name": "b", "type": {"type": "fixed", "name": "In", "size": 1}},
                {"name": "c", "type": "m.In"},
                {"name": "d", "type": "In"},
            ],
        },
        '{"name":"n.Outer","type":"record","fields":[{"name":"a","type":{"name":"m.In","type":"record","fields":[]}},'
        '{"name":"b","type":{"name":"n.In","type":"fixed","size":1}},{"name":"c","type":"m.In"},'
        '{"name":"d","type":"n.In"}]}',
    ),
]

KINDS: dict[str, tuple[dict[str, Any], str]] = {
    "record": ({"fields": [{"name": "a", "type": {"type": "long"}, "doc": "d", "order": "ignore", "aliases": ["b"]}]},
               '"type":"record","fields":[{"name":"a","type":"long"}]'),
    "record without fields": ({"type": "record", "fields": []}, '"type":"record","fields":[]'),
    "enum": ({"symbols": ["Q", "A1"]}, '"type":"enum","symbols":["Q","A1"]'),
    "fixed": ({"size": 32}, '"type":"fixed","size":32'),
}  # fmt: skip
"""Kinds of named types: attributes, and the canonical form after the name."""
NAMES: list[tuple[dict[str, str], str]] = [
    ({"name": "n"}, "n"),
    ({"name": "n", "namespace": "x.y"}, "x.y.n"),
    ({"name": "a.b.n", "namespace": "x.y"}, "a.b.n"),
    ({"name": "a.n"}, "a.n"),
    ({"name": "n", "namespace": ""}, "n"),
]
"""Names and namespaces, and the full name."""
IGNORED: list[dict[str, Any]] = [
    {},
    {"doc": "d"},
    {"aliases": ["n", "m"]},
    {"doc": "d", "aliases": [], "unknown": {"a": 1}},
]

FINGERPRINTS = {
    '"null"': 7195948357588979594,
    '"boolean"': -6970731678124411036,
    '"string"': -8142146995180207161,
    "[]": -1241056759729112623,
    '{"name":"foo","type":"record","fields":[]}': -4824392279771201922,
}

INVALID: list[tuple[Any, str]] = [
    ("nope", "no type 'nope'"),
    ({"type": "record", "name": "R", "fields": [{"name": "1", "type": "int"}]}, "no name for a field"),
    ({"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}] * 2}, "field a twice"),
    ({"type": "record", "name": "int", "fields": []}, "no name for a type"),
    ({"type": "record", "name": "R"}, "needs the attribute fields"),
    (["int", "int"], "a type twice"),
    ([["int"]], "directly contain a union"),
    ({"type": "enum", "name": "E", "symbols": ["A", "A"]}, "different names"),
    ({"type": "enum", "name": "E", "symbols": ["A"], "default": "B"}, "none of its symbols"),
    ({"type": "fixed", "name": "F", "size": -1}, "whole number"),
    ([{"type": "fixed", "name": "F", "size": 1}, {"type": "enum", "name": "F", "symbols": []}], "defined twice"),
    (7, "a type is a name"),
]


@pytest.mark.parametrize(("document", "form"), RULES)
def test_the_canonical_form_follows_the_rules(document: Any, form: str) -> None:
    assert canonical_of(document) == form


def test_the_canonical_form_of_a_canonical_form_is_itself() -> None:
    assert [canonical_of(loads(form)) for _, form in RULES] == [form for _, form in RULES]


@pytest.mark.parametrize("name", PRIMITIVES)
def test_a_primitive_is_its_name_in_each_spelling(name: str) -> None:
    inner = {"type": name, "logicalType": "none", "doc": "d"}
    assert {canonical_of(name), canonical_of({"type": name}), canonical_of({"type": inner})} == {f'"{name}"'}
    assert canonical_of([name]) == canonical_of([{"type": name}]) == f'["{name}"]'
    assert canonical_of({"items": {"type": name}, "type": "array"}) == f'{{"type":"array","items":"{name}"}}'
    assert canonical_of({"values": name, "doc": "d", "type": "map"}) == f'{{"type":"map","values":"{name}"}}'


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("named", "full"), NAMES)
def test_a_named_type_is_its_full_name_and_what_is_on_the_wire_in_one_order(
    kind: str, named: dict[str, str], full: str
) -> None:
    attributes, form = KINDS[kind]
    for ignored in IGNORED:
        document = {"type": kind} | attributes | named | ignored
        assert canonical_of(document) == f'{{"name":"{full}",{form}}}'
        assert to_parsing_canonical_form(parse_schema(document)) == canonical_of(document)
    orders = permutations((document | {"name": named["name"]}).items())
    assert {canonical_of(dict(order)) for order, _ in zip(orders, range(50), strict=False)} == {canonical_of(document)}


def test_the_crc_is_the_one_that_the_specification_defines_bit_by_bit() -> None:
    for form in [*FINGERPRINTS, *(form for _, form in RULES), *(f'"{name}"' for name in PRIMITIVES)]:
        value = EMPTY
        for byte in form.encode():
            value ^= byte
            for _ in range(8):
                value = value >> 1 ^ (EMPTY if value & 1 else 0)
        assert crc64(form) == value.to_bytes(8, "little")


@pytest.mark.parametrize("form", FINGERPRINTS)
def test_the_crc_is_the_published_one(form: str) -> None:
    assert int.from_bytes(crc64(form), "little", signed=True) == FINGERPRINTS[form]


@pytest.mark.parametrize(("document", "rule"), INVALID)
def test_what_is_no_schema_is_refused_by_the_rule_it_breaks(document: Any, rule: str) -> None:
    with pytest.raises(InvalidSchema, match=rule):
        canonical_of(document)


def test_types_nested_without_end_are_refused() -> None:
    document: Any = "int"
    for _ in range(5_000):
        document = {"type": "array", "items": document}
    with pytest.raises(InvalidSchema, match="deep"):
        canonical_of(document)
