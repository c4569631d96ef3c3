"""A schema costs what its document is long, or is refused with the limit; whatever it says, nothing stalls."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.effort import grows_within
from tests.unit.pipeline.examples import PING, document
from wavetank.pipeline import topology
from wavetank.pipeline.avro import binary, limits
from wavetank.pipeline.avro.model import InvalidSchema
from wavetank.pipeline.avro.parse import parse
from wavetank.pipeline.core import schema
from wavetank.pipeline.core.decode import decode
from wavetank.pipeline.core.schema import Role
from wavetank.pipeline.errors import SchemaError
from wavetank.pipeline.records import Reason, Rejection
from wavetank.pipeline.schemas.checks import check_folder, read
from wavetank.pipeline.schemas.registry import Registry

Json = Any


def twice(depth: int, leaf: Json = "null", **attributes: Json) -> Json:
    """Records that use the next one twice, `depth` levels of them."""
    avro = leaf
    for level in range(depth):
        again = avro["name"] if isinstance(avro, dict) else avro
        given = attributes if isinstance(avro, dict) else {}
        fields = [{"name": "a", "type": avro, **given}, {"name": "b", "type": again, **given}]
        avro = {"type": "record", "name": f"L{level}", "fields": fields}
    return avro


def chain(depth: int) -> Json:
    """Records in one another that need not be defined in one another."""
    fields: list[Json] = [{"name": "f0", "type": {"type": "record", "name": "C0", "fields": []}}]
    for level in range(1, depth):
        inner = {"type": "record", "name": f"C{level}", "fields": [{"name": "c", "type": f"C{level - 1}"}]}
        fields.append({"name": f"f{level}", "type": inner})
    return {"type": "record", "name": "Top", "fields": fields}


def record(name: str, **fields: Json) -> Json:
    return {"type": "record", "name": name, "fields": [{"name": key, "type": avro} for key, avro in fields.items()]}


@pytest.mark.parametrize(
    ("avro", "rule"),
    [
        (twice(20), "10,000"),
        (twice(64), "10,000"),
        (twice(40, "string"), "10,000"),
        ({"type": "array", "items": twice(30)}, "10,000"),
        (record("Wide", **{f"f{n}": "string" for n in range(10_000)}), "10,000"),
        (record("E", r="E"), "E has no finite value"),
        (record("E", r=record("F", e="E")), "has no finite value"),
        (record("E", r=["E", record("F", e="E")]), "has no finite value"),
        (record("Top", a="int", e=record("E", r="E")), "E has no finite value"),
        (chain(66), "nested more than 64 deep"),
    ],
)
def test_a_schema_that_nobody_can_use_is_refused_with_the_limit(avro: Json, rule: str) -> None:
    assert rule in limits.problem(parse(avro))
    with pytest.raises(InvalidSchema, match=rule):
        read(json.dumps(avro).encode())


@pytest.mark.parametrize(
    "avro",
    [
        "string",
        twice(11),
        chain(63),
        record("E", r=["null", "E"]),
        record("E", r={"type": "array", "items": "E"}),
        record("E", r={"type": "map", "values": "E"}),
        record("E", r=[record("F", e="E"), "null"]),
        record("E", r=["null", record("F", e="E", f=["E", "F"])]),
        record("Wide", **{f"f{n}": ["null", "string"] for n in range(2_000)}),
    ],
)
def test_a_schema_of_which_there_are_values_may_be_used(avro: Json) -> None:
    assert limits.problem(parse(avro)) == ""


def event_of(avro: Json) -> bytes:
    return json.dumps(document({"name": "extra", "type": avro})).encode()


HOSTILE: dict[str, Json] = {
    "doubling": twice(64),
    "doubling text": twice(60, "string"),
    "always within itself": record("E", r="E"),
    "twice within itself": record("E", a="E", b="E"),
}


class Published:
    """A registry with some schemas."""

    def __init__(self, **objects: bytes) -> None:
        self._objects = {key.replace("__", "/") + ".avsc": text for key, text in objects.items()}

    def versions(self, prefix: str) -> dict[str, str]:
        return {f"schemas/ping/{key}": "etag" for key in self._objects}

    def find(self, key: str) -> bytes | None:
        return self._objects.get(key.removeprefix("schemas/ping/"))


@pytest.mark.parametrize("kind", HOSTILE)
def test_records_of_such_a_schema_that_was_published_all_the_same_are_undecodable(kind: str) -> None:
    written = schema.parse(event_of(HOSTILE[kind]), "ping", Role.RAW, 1)
    begun = time.process_time()
    outcome = decode(b"\x02a\x00\x00", written, PING)
    assert isinstance(outcome, Rejection)
    assert outcome.reason is Reason.UNDECODABLE
    assert limits.problem(written.avro) in outcome.message
    assert time.process_time() - begun < 2


@pytest.mark.parametrize("kind", HOSTILE)
def test_it_is_known_by_its_fingerprint_and_never_the_newest(kind: str) -> None:
    text = event_of(HOSTILE[kind])
    sound = json.dumps(document()).encode()
    registry = Registry(Published(raw__v1=sound, raw__v2=text), "ping", pause=lambda: None)
    reference = schema.parse(text, "ping", Role.RAW, 2).fingerprint
    assert registry.resolve(Role.RAW, [reference])[reference].version == 2
    assert registry.newest(Role.RAW).version == 1


@pytest.mark.parametrize("kind", HOSTILE)
def test_the_gate_names_the_file_and_the_limit(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "ping"
    folder.mkdir()
    for name in ("raw.v1", "processed.v1"):
        (folder / f"{name}.avsc").write_bytes(event_of(HOSTILE[kind]))
    problems = check_folder(topology.load(tmp_path)).refused
    assert len(problems) == 2
    assert all(".v1.avsc: " in problem for problem in problems)


def nested_default(depth: int) -> Json:
    default: Json = 5
    for _ in range(depth):
        default = {"x": default}
    return default


S = {"type": "record", "name": "S", "fields": [{"name": "x", "type": ["R", "S"]}]}
R = {"type": "record", "name": "R", "fields": [{"name": "x", "type": [S, "null", "R"]}]}
SELF = {"type": "record", "name": "E", "fields": [{"name": "r", "type": ["E", "null"], "default": {}}]}


DEEP: Json = json.loads("[" * 400 + "]" * 400)


@pytest.mark.parametrize(
    "field",
    [
        pytest.param({"type": R, "default": nested_default(40)}, id="branches that are tried again and again"),
        pytest.param({"type": SELF, "default": {}}, id="a default within itself"),
        pytest.param({"type": {"type": "array", "items": "int"}, "default": DEEP}, id="a list in a list, and so on"),
    ],
)
def test_a_default_that_cannot_be_is_refused_in_the_time_it_takes_to_read_it(field: Json) -> None:
    begun = time.process_time()
    with pytest.raises(SchemaError, match="default"):
        schema.parse(json.dumps(document({"name": "extra", **field})), "ping", Role.RAW, 1)
    assert time.process_time() - begun < 2


def test_defaults_of_records_used_twice_are_found_once() -> None:
    avro = twice(10, record("Leaf"), default={})
    read_with = parse(record("Top", id="int"))
    fields = [{"name": "id", "type": "int"}, {"name": "x", "type": avro, "default": {}}]
    reader = parse({"type": "record", "name": "Top", "fields": fields})
    assert set(binary.decode(b"\x02", binary.reader_of(read_with, reader))) == {"id", "x"}


def enum(n: int, order: int) -> Json:
    return {"type": "enum", "name": "E", "symbols": [f"s{number}" for number in range(n)][::order]}


def wide(n: int) -> Json:
    return record("W", **{f"f{number}": "int" for number in range(n)})


GROWTH, DEARER = 4, 2.5
COSTS: dict[str, tuple[Callable[[int], object], int]] = {
    "fields": (lambda n: parse(wide(n)), 4_000),
    "symbols": (lambda n: binary.reader_of(parse(enum(n, 1)), parse(enum(n, -1))), 2_000),
    "levels": (lambda n: limits.problem(parse(chain(n))), 400),
}


@pytest.mark.parametrize("kind", COSTS)
def test_a_larger_schema_costs_as_much_more(kind: str) -> None:
    work, n = COSTS[kind]
    assert grows_within(DEARER * GROWTH, lambda: work(n), lambda: work(GROWTH * n))
