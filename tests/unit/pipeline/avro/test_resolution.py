"""A schema reads another, rule by rule of the specification; checked and read by the same rules."""

from io import BytesIO
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_writer

from wavetank.pipeline.avro.binary import Malformed, decode, reader_of
from wavetank.pipeline.avro.parse import parse
from wavetank.pipeline.avro.resolution import Level, breaches, problems


def record(*fields: Any, name: str = "R", **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields), **more}


def field(name: str, avro: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": avro, **more}


def enum(*symbols: str, name: str = "E", **more: Any) -> dict[str, Any]:
    return {"type": "enum", "name": name, "symbols": list(symbols), **more}


def fixed(size: int, name: str = "F") -> dict[str, Any]:
    return {"type": "fixed", "name": name, "size": size}


def array(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


LIST = record(field("v", "int"), field("next", ["null", "R"], default=None))
LONG_LIST = record(field("v", "long"), field("w", "string", default="x"), field("next", ["null", "R"], default=None))
DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}

READS: list[tuple[str, Any, Any, Any, Any]] = [
    ("int as long", "int", "long", 3, 3),
    ("int as float", "int", "float", 3, 3.0),
    ("int as double", "int", "double", 3, 3.0),
    ("long as float", "long", "float", 3, 3.0),
    ("long as double", "long", "double", 3, 3.0),
    ("float as double", "float", "double", 0.5, 0.5),
    ("string as bytes", "string", "bytes", "ü", b"\xc3\xbc"),
    ("bytes as string", "bytes", "string", b"\xc3\xbc", "ü"),
    ("items promoted", array("int"), array("double"), [1, 2], [1.0, 2.0]),
    ("values promoted", {"type": "map", "values": "int"}, {"type": "map", "values": "long"}, {"a": 1}, {"a": 1}),
    ("fields by name", record(field("a", "int"), field("b", "int")), record(field("b", "int"), field("a", "int")),
     {"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ("field gone", record(field("a", "string"), field("b", "int")), record(field("b", "int")), {"a": "x", "b": 2},
     {"b": 2}),
    ("field new", record(), record(field("a", {"type": "map", "values": "int"}, default={"k": 1})), {},
     {"a": {"k": 1}}),
    ("default of bytes", record(), record(field("a", "bytes", default="ÿ")), {}, {"a": b"\xff"}),
    ("default of a record", record(), record(field("a", record(field("x", "int", default=7), name="I"), default={})),
     {}, {"a": {"x": 7}}),
    ("field alias", record(field("a", "int")), record(field("b", "int", aliases=["a"])), {"a": 1}, {"b": 1}),
    ("name before alias", record(field("a", "int"), field("b", "int")),
     record(field("a", "int"), field("b", "int", aliases=["a"])), {"a": 1, "b": 2}, {"a": 1, "b": 2}),
    ("record alias", record(name="Old"), record(name="New", aliases=["Old"]), {}, {}),
    ("other namespace", record(namespace="x"), record(namespace="y"), {}, {}),
    ("enum default", enum("A", "B"), enum("A", default="A"), "B", "A"),
    ("enum reordered", enum("A", "B"), enum("B", "A"), "B", "B"),
    ("to a union", "int", ["null", "long"], 3, 3),
    ("first branch that matches", "int", ["string", "double", "long"], 3, 3.0),
    ("from a union", ["int", "long"], "double", 3, 3.0),
    ("between unions", ["null", "int"], ["string", "long", "null"], 3, 3),
    ("decimal alike", DECIMAL, DECIMAL, b"\x01", b"\x01"),
    ("logical types aside", {"type": "int", "logicalType": "date"}, "long", 3, 3),
    ("a record in itself", LIST, LONG_LIST, {"v": 1, "next": {"v": 2, "next": None}},
     {"v": 1, "w": "x", "next": {"v": 2, "w": "x", "next": None}}),
]  # fmt: skip

REFUSED: list[tuple[str, Any, Any, str]] = [
    ("long as int", "long", "int", "cannot be read as int"),
    ("string as int", record(field("a", "string")), record(field("a", "int")), "field a: .*string.*int"),
    ("field without default", record(), record(field("a", "int")), "field a: .*no default"),
    ("inner field", array(record()), array(record(field("a", "int"))), "field a: .*no default"),
    ("symbol gone", record(field("e", enum("A", "B"))), record(field("e", enum("A"))), "field e: the symbols B"),
    ("other enum", enum("A"), enum("A", name="G"), "enum E.*enum G"),
    ("fixed size", fixed(2), fixed(3), "2 bytes.*3"),
    ("fixed name", fixed(2), fixed(2, "G"), "fixed F"),
    ("other record", record(name="A"), record(name="B"), "record A"),
    ("branch gone", record(field("u", ["null", "int"])), record(field("u", ["null", "string"])), "field u: int"),
    ("null to plain", record(field("u", ["null", "int"])), record(field("u", "int")), "field u: .*null"),
    ("decimal scale", DECIMAL, {**DECIMAL, "scale": 1}, "decimal"),
]


def written(schema: Any, value: Any) -> bytes:
    out = BytesIO()
    schemaless_writer(out, parse_schema(schema), value)
    return out.getvalue()


def physical(schema: Any) -> Any:
    return "bytes" if schema is DECIMAL else "int" if isinstance(schema, dict) and "logicalType" in schema else schema


@pytest.mark.parametrize(("writer", "reader", "value", "seen"), [case[1:] for case in READS], ids=[c[0] for c in READS])
def test_what_was_written_is_seen_as_the_reader_has_it(writer: Any, reader: Any, value: Any, seen: Any) -> None:
    assert list(problems(parse(writer), parse(reader))) == []
    read = decode(written(physical(writer), value), reader_of(parse(writer), parse(reader)))
    assert (read, type(read)) == (seen, type(seen))


@pytest.mark.parametrize(("writer", "reader", "why"), [case[1:] for case in REFUSED], ids=[c[0] for c in REFUSED])
def test_what_cannot_be_read_is_told_with_its_field_and_rule(writer: Any, reader: Any, why: str) -> None:
    import re

    sentences = [str(problem) for problem in problems(parse(writer), parse(reader))]
    assert len(sentences) == 1
    assert re.search(why, sentences[0]), sentences


def test_a_branch_that_does_not_resolve_is_an_error_only_when_it_comes() -> None:
    read = reader_of(parse(["null", "int", "string"]), parse(["null", "int"]))
    assert decode(b"\x02\x06", read) == 3
    with pytest.raises(Malformed):
        decode(b"\x04\x02a", read)


def test_defaults_are_not_shared_between_records() -> None:
    read = reader_of(parse(record()), parse(record(field("a", array("int"), default=[]))))
    decode(b"", read)["a"].append(1)
    assert decode(b"", read) == {"a": []}


V1 = parse(record(field("a", "int")))
V2 = parse(record(field("a", "int"), field("b", "int", default=0)))
V3 = parse(record(field("a", "int"), field("b", "int")))
CHAIN = [(1, V1), (2, V2)]


@pytest.mark.parametrize(
    ("level", "holds"),
    [
        (Level.NONE, True),
        (Level.BACKWARD, True),
        (Level.BACKWARD_TRANSITIVE, False),
        (Level.FORWARD, True),
        (Level.FORWARD_TRANSITIVE, True),
        (Level.FULL, True),
        (Level.FULL_TRANSITIVE, False),
    ],
)
def test_only_the_transitive_levels_look_further_back_than_the_last_version(level: Level, holds: bool) -> None:
    assert (list(breaches(V3, CHAIN, level)) == []) is holds


def test_a_breach_names_the_versions_the_field_and_the_direction() -> None:
    (breach,) = breaches(V3, [(1, V1)], Level.FULL)
    assert breach.sentence(3) == (
        "field b: the writer does not have it and the reader has no default for it (reading v1 with v3, BACKWARD)"
    )
    (breach,) = breaches(V1, [(3, V3)], Level.FULL)
    assert breach.sentence(4).endswith("(reading v4 with v3, FORWARD)")
