"""A schema that may be published can be used by the functions, in each of the spellings that Avro has for it."""

import json
from io import BytesIO
from typing import Any

import pytest
from fastavro import schemaless_reader

from tests.unit.pipeline.examples import document
from wavetank.pipeline.avro.events import problems
from wavetank.pipeline.core.decode import decode, encode
from wavetank.pipeline.core.schema import Role, parse
from wavetank.pipeline.records import Event
from wavetank.pipeline.schemas.checks import read

PLAIN = {"type": "fixed", "name": "Plain", "namespace": "", "size": 1}
SPELLINGS: list[tuple[str, list[Any], list[Any]]] = [
    ("an object in an object", [{"type": {"type": "string", "logicalType": "uuid"}}], ["x"]),
    ("an object around an array", [{"type": {"type": "array", "items": {"type": "int"}}}], [[1]]),
    ("an object around a name", [PLAIN | {"namespace": "n"}, {"type": "n.Plain"}], [b"a", b"b"]),
    ("a name without a namespace inside one", [PLAIN, "Plain"], [b"a", b"b"]),
    ("a size as text", [PLAIN | {"size": "0002"}], [b"ab"]),
    ("an error", [{"type": "error", "name": "E", "fields": [{"name": "x", "type": ["null", "E"]}]}], [{"x": None}]),
    ("an enum without symbols", [["null", {"type": "enum", "name": "E", "symbols": []}]], [None]),
    ("a union of one", [["int"], ["null"]], [3, None]),
    ("an attribute named as in the model", [{"type": "map", "values": "int", "items": "x", "fields": 3}], [{"a": 1}]),
]  # fmt: skip


@pytest.mark.parametrize(("types", "values"), [row[1:] for row in SPELLINGS], ids=[row[0] for row in SPELLINGS])
def test_what_may_be_published_is_written_and_read_in_any_spelling(types: list[Any], values: list[Any]) -> None:
    fields = [{"name": f"f{at}", "type": avro} for at, avro in enumerate(types)]
    text = json.dumps(document(*fields)).encode()
    read(text)
    schema = parse(text, "ping", Role.RAW, 1)
    record = {"event_id": "a", "event_time": 5, "label": "l"} | {f"f{at}": value for at, value in enumerate(values)}
    body = encode(record, schema)
    event = decode(body, schema)
    assert isinstance(event, Event)
    assert event.fields == record == schemaless_reader(BytesIO(body), schema.physical, None)


@pytest.mark.parametrize(
    ("avro", "default"), [("double", 1), ("float", "NaN"), (["int", "null"], None), ("long", 2**40)]
)
def test_what_may_be_published_has_any_default_of_its_type(avro: Any, default: Any) -> None:
    text = json.dumps(document({"name": "f", "type": avro, "default": default})).encode()
    assert not list(problems(read(text)))
    assert parse(text, "ping", Role.RAW, 1).avro.fields[-1].default == default
