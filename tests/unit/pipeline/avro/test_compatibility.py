"""Which pairs of schemas are compatible, told as rules; they take in the pairs that Apache's Java tests have."""

from itertools import product
from typing import Any

import pytest

from wavetank.pipeline.avro.parse import parse
from wavetank.pipeline.avro.resolution import problems

PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
NUMBERS = ("int", "long", "float", "double")
READ_FROM = {
    "long": {"int"},
    "float": {"int", "long"},
    "double": {"int", "long", "float"},
    "bytes": {"string"},
    "string": {"bytes"},
}
"""Primitive → those that are promoted to it (Avro specification, "Schema Resolution")."""


def array(items: Any) -> Any:
    return {"type": "array", "items": items}


def mapping(values: Any) -> Any:
    return {"type": "map", "values": values}


def symbols(text: str, name: str = "Letters", **more: Any) -> Any:
    return {"type": "enum", "name": name, "symbols": list(text), **more}


def fixed(size: int, name: str = "Bytes") -> Any:
    return {"type": "fixed", "name": name, "size": size}


def record(fields: str = "", name: str = "Row", **types: Any) -> Any:
    """Fields as in "a:int b:int=0": a name, a type, and a default if it has one."""
    entries = []
    for entry in fields.split():
        field, _, avro = entry.partition(":")
        avro, _, default = avro.partition("=")
        entries.append({"name": field, "type": types.get(avro, avro)} | ({"default": int(default)} if default else {}))
    return {"type": "record", "name": name, "fields": entries}


def chain(number: str) -> Any:
    return record(f"head:{number} tail:Chain", name="Chain")


def is_promoted(writer: str, reader: str) -> bool:
    return writer == reader or writer in READ_FROM.get(reader, ())


def refused(writer: Any, reader: Any) -> list[str]:
    return [f"{problem.field}: {problem.rule}" for problem in problems(parse(writer), parse(reader))]


@pytest.mark.parametrize(("writer", "reader"), [*product(PRIMITIVES, repeat=2)])
def test_a_primitive_is_read_as_itself_and_what_it_is_promoted_to_wherever_it_is(writer: str, reader: str) -> None:
    """By itself, as items and values, as the field of a record, and in unions of one on either side or both."""
    promoted = is_promoted(writer, reader)
    places: list[tuple[Any, Any]] = [
        (writer, reader),
        (array(writer), array(reader)),
        (mapping(writer), mapping(reader)),
        (record(f"a:{writer}"), record(f"a:{reader}")),
        ([writer], reader),
        (writer, [reader]),
        ([writer], [reader]),
        (array([writer]), array([reader])),
        (record(f"a:{writer} b:int"), record(f"a:{reader} c:int=0")),
        (chain(writer), chain(reader)),
    ]
    assert [refused(*place) == [] for place in places] == [promoted] * len(places)


KINDS: dict[str, Any] = {
    **{name: name for name in PRIMITIVES},
    "array": array("int"),
    "map": mapping("int"),
    "enum": symbols("AB"),
    "fixed": fixed(4),
    "record": record("a:int"),
}


@pytest.mark.parametrize(
    ("writer", "reader"), [pair for pair in product(KINDS, repeat=2) if not set(pair) <= {*PRIMITIVES}]
)
def test_kinds_of_types_do_not_read_one_another(writer: str, reader: str) -> None:
    assert (refused(KINDS[writer], KINDS[reader]) == []) is (writer == reader)
    assert (refused(KINDS[writer], [KINDS[reader]]) == []) is (writer == reader)


@pytest.mark.parametrize(
    "writer", ["", "i", "s", "b", "is", "si", "il", "if", "ilfd", "l", "f", "d", "isl", "n", "in", "ib"]
)
@pytest.mark.parametrize("reader", ["", "i", "s", "b", "is", "si", "l", "f", "d", "il", "ilfd", "n", "in"])
def test_a_union_reads_another_where_it_reads_each_of_its_branches(writer: str, reader: str) -> None:
    """A union of nothing is read by all; order does not count; each branch that is not read is one problem."""
    letters = {name[0]: name for name in PRIMITIVES if name not in ("boolean", "bytes")} | {"b": "bytes"}
    written, read = [letters[letter] for letter in writer], [letters[letter] for letter in reader]
    unread = [branch for branch in written if not any(is_promoted(branch, other) for other in read)]
    assert len(refused(written, read)) == len(unread)
    if len(read) == 1:
        assert len(refused(written, read[0])) == len(unread)


BRANCHES = ["boolean", array("int"), mapping("int"), symbols("AB"), fixed(4), record("a:int"), record("a:int", "Other")]


@pytest.mark.parametrize(("mine", "theirs"), [*product(range(len(BRANCHES)), repeat=2)])
def test_a_branch_of_another_kind_or_name_is_missed(mine: int, theirs: int) -> None:
    assert refused(["int", BRANCHES[mine]], ["int"]) != []
    assert (refused(["int", BRANCHES[mine]], ["int", BRANCHES[theirs]]) == []) is (mine == theirs)


RECORDS: dict[str, set[str]] = {
    "": {"", "a:int", "a:int=0", "a:int b:int", "a:int=0 b:int=0"},
    "a:int": {"a:int", "a:int=0", "a:int b:int", "a:int=0 b:int=0"},
    "a:int=0": {"", "a:int", "a:int=0", "a:int b:int", "a:int=0 b:int=0"},
    "a:long": {"a:int", "a:int=0", "a:int b:int", "a:int=0 b:int=0"},
    "a:int b:int": {"a:int b:int", "a:int=0 b:int=0"},
    "a:int b:int=0": {"a:int", "a:int=0", "a:int b:int", "a:int=0 b:int=0"},
    "a:int=0 b:int=0": {"", "a:int", "a:int=0", "a:int b:int", "a:int=0 b:int=0"},
}
"""Fields of a reader → of the writers that it reads: all that it has no default for are there, others do not matter."""


@pytest.mark.parametrize(
    ("reader", "writer"), [*product(RECORDS, ["", "a:int", "a:int=0", "a:int b:int", "a:int=0 b:int=0"])]
)
def test_a_record_reads_another_that_has_every_field_without_a_default(reader: str, writer: str) -> None:
    assert (refused(record(writer), record(reader)) == []) is (writer in RECORDS[reader])
    assert refused(record(writer), record(reader, name="Another")) != []


def named(name: str, namespace: str, kind: Any) -> Any:
    return kind | {"name": name, "namespace": namespace}


@pytest.mark.parametrize("kind", [symbols("AB"), fixed(4), record("a:int"), record()])
def test_names_count_without_their_namespaces_and_by_the_readers_aliases(kind: Any) -> None:
    """As the specification has it: for Java, fixed types of two namespaces are two types."""
    assert refused(named("N", "one", kind), named("N", "two", kind)) == []
    assert refused(named("N", "one", kind), named("M", "one", kind)) != []
    assert refused(named("N", "one", kind), named("M", "two", kind) | {"aliases": ["one.N"]}) == []
    inner = {
        "type": "record",
        "name": "Outer",
        "fields": [{"name": "f", "type": ["null", array(named("N", "one", kind))]}],
    }
    other = {
        "type": "record",
        "name": "Outer",
        "fields": [{"name": "f", "type": ["null", array(named("N", "two", kind))]}],
    }
    assert refused(inner, other) == []


@pytest.mark.parametrize(("written", "read"), [*product(["A", "AB", "ABC", "BC", "CBA"], repeat=2)])
@pytest.mark.parametrize("default", [None, "first"])
def test_an_enum_reads_another_with_fewer_symbols_or_has_a_default_of_its_own(
    written: str, read: str, default: str | None
) -> None:
    """A default of the field is none for its symbols, nor is the writer's."""
    reader = symbols(read, **({"default": read[0]} if default else {}))
    writer = symbols(written, default=written[0])
    is_read = default is not None or set(written) <= set(read)
    assert (refused(writer, reader) == []) is is_read
    rows = [{"type": "record", "name": "Row", "fields": [{"name": "e", "type": enum, "default": enum["symbols"][-1]}]}
            for enum in (writer, reader)]  # fmt: skip
    assert (refused(rows[0], rows[1]) == []) is is_read
    if not is_read:
        assert all(symbol in refused(writer, reader)[0] for symbol in set(written) - set(read))


@pytest.mark.parametrize(("written", "read"), [*product([0, 4, 8], repeat=2)])
def test_a_fixed_reads_one_of_its_size(written: int, read: int) -> None:
    is_read = written == read
    assert (refused(fixed(written), fixed(read)) == []) is is_read
    rows = [record("a:int=0 b:F", F=fixed(size)) for size in (written, read)]
    assert (refused(rows[0], rows[1]) == []) is is_read


DIGITS = [(4, 2), (4, 1), (5, 2), (20, 0)]


@pytest.mark.parametrize(("written", "read"), [*product(DIGITS, repeat=2)])
def test_a_decimal_reads_one_of_its_precision_and_scale(written: tuple[int, int], read: tuple[int, int]) -> None:
    for physical in ({"type": "bytes"}, fixed(9)):
        writer, reader = (
            physical | {"logicalType": "decimal", "precision": precision, "scale": scale}
            for precision, scale in (written, read)
        )
        assert (refused(writer, reader) == []) is (written == read)


def test_everything_that_is_wrong_is_told_at_once_with_its_place() -> None:
    writer = record("e:E n:N t:long s:S", E=symbols("ABCD", "E"), N=symbols("AB", "Wrong"), S=record(
        "same:long f:F u:U v:long r:R", "Sub", F=fixed(8), U=["boolean", "double", "string"],
        R=named("A", "one", record("x:boolean items:I", I=array("boolean"))),
    ))  # fmt: skip
    reader = record("e:E n:N t:string s:S", E=symbols("AC", "E"), N=symbols("AB", "Right"), S=record(
        "same:long extra:long f:F u:U v:U r:R", "Sub", F=fixed(4), U=["boolean"],
        R=named("A", "two", record("x:boolean items:I", I=array("string"))),
    ))  # fmt: skip
    assert [problem.partition(":")[0] for problem in refused(writer, reader)] == [
        "e", "n", "t", "s.extra", "s.f", "s.u", "s.u", "s.v", "s.r.items",
    ]  # fmt: skip
