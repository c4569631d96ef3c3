"""A value keeps its branch of a union: by position in the same union, by type and full name in another."""

from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wavetank.pipeline.avro.binary import decode, reader_of
from wavetank.pipeline.avro.parse import parse
from wavetank.pipeline.avro.resolution import problems

PRIMITIVES: dict[str, tuple[st.SearchStrategy[Any], Any]] = {
    "null": (st.none(), lambda _: b""),
    "boolean": (st.booleans(), lambda value: bytes([value])),
    "int": (st.integers(-(2**31), 2**31 - 1), lambda value: _long(value)),
    "long": (st.integers(-(2**63), 2**63 - 1), lambda value: _long(value)),
    "bytes": (st.binary(max_size=6), lambda value: _long(len(value)) + value),
    "string": (st.text(max_size=6), lambda value: _long(len(value.encode())) + value.encode()),
}
Values = st.SearchStrategy[tuple[Any, bytes]]
"""A value, and its bytes as an encoder of our own writes them, in the branch that was drawn."""


def rec(name: str, *fields: str, **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": [{"name": field, "type": "int"} for field in fields], **more}


def fixed(name: str, size: int = 1, **more: Any) -> dict[str, Any]:
    return {"type": "fixed", "name": name, "size": size, **more}


def enum(name: str, *symbols: str, **more: Any) -> dict[str, Any]:
    return {"type": "enum", "name": name, "symbols": list(symbols), **more}


TAKEN: list[tuple[str, Any, Any, bytes, Any]] = [
    ("by position in the same union: records", [rec("a.R", "x"), rec("b.R", "x", "y")],
     [rec("a.R", "x"), rec("b.R", "x", "y")], b"\x02\x02\x04", {"x": 1, "y": 2}),
    ("by position in the same union: text", ["bytes", "string"], ["bytes", "string"], b"\x02\x04hi", "hi"),
    ("by position in the same union: fixed", [fixed("a.F"), fixed("b.F")], [fixed("a.F"), fixed("b.F")],
     b"\x02\x07", b"\x07"),
    ("full name before unqualified name", [rec("b.R", "x", "y")], [rec("a.R", "x"), rec("b.R", "x", "y")],
     b"\x00\x02\x04", {"x": 1, "y": 2}),
    ("full name, the writer no union", rec("b.R", "x", "y"), ["null", rec("a.R", "x"), rec("b.R", "x", "y")],
     b"\x02\x04", {"x": 1, "y": 2}),
    ("full name of an enum", [enum("b.E", "Q")], [enum("a.E", "P", default="P"), enum("b.E", "Q")], b"\x00\x00", "Q"),
    ("alias before unqualified name", rec("old.R", "x"), [rec("a.R", "z"), rec("c.S", "x", aliases=["old.R"])][::-1],
     b"\x02", {"x": 1}),
    ("alias before unqualified name, later", rec("old.R", "x"),
     [rec("a.R"), rec("c.S", "x", aliases=["old.R"])], b"\x02", {"x": 1}),
    ("the first of that unqualified name", rec("o.R", "x", "y"), [rec("a.R", "x"), rec("b.R", "y")], b"\x02\x04",
     {"x": 1}),
    ("string before bytes", "string", ["bytes", "string"], b"\x04hi", "hi"),
    ("bytes before string", ["null", "bytes"], ["string", "bytes", "null"], b"\x02\x04hi", b"hi"),
    ("string as bytes where there is no string", ["int", "string"], ["bytes", "int"], b"\x02\x04hi", b"hi"),
    ("int before what it is promoted to", ["int", "null"], ["double", "null", "int"], b"\x00\x06", 3),
    ("the first promotion", "int", ["string", "double", "long"], b"\x06", 3.0),
    ("branches in another order", ["int", "string"], ["string", "int"], b"\x02\x04hi", "hi"),
    ("reader of one branch", ["bytes", "string"], "string", b"\x00\x04hi", "hi"),
    ("inside arrays", {"type": "array", "items": ["bytes", "string"]}, {"type": "array", "items": ["bytes", "string"]},
     b"\x02\x02\x04hi\x00", ["hi"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("writer", "reader", "data", "seen"), [row[1:] for row in TAKEN], ids=[row[0] for row in TAKEN]
)
def test_a_value_is_read_by_the_branch_that_is_nearest_to_its_own(
    writer: Any, reader: Any, data: bytes, seen: Any
) -> None:
    written, read = parse(writer), parse(reader)
    assert [problem for problem in problems(written, read) if problem.field == ""] == []
    value = decode(data, reader_of(written, read))
    assert (value, type(value)) == (seen, type(seen))


@st.composite
def ambiguous(draw: st.DrawFn, numbers: Any = None, depth: int = 3) -> tuple[Any, Values]:
    """A type whose unions have branches that match one another, by promotion or unqualified name."""
    numbers = numbers or count()
    kinds = ["primitive", "fixed", "enum"] + ["record", "union", "union", "array", "map"] * (depth > 0)
    kind = draw(st.sampled_from(kinds))
    space = f"n{next(numbers)}"
    match kind:
        case "fixed":
            size = draw(st.integers(0, 2))
            values = st.binary(min_size=size, max_size=size).map(lambda value: (value, value))
            return fixed(f"{space}.F", size), values
        case "enum":
            symbols = draw(st.lists(st.sampled_from("ABC"), min_size=1, unique=True))
            return enum(f"{space}.E", *symbols), st.sampled_from([(s, _long(i)) for i, s in enumerate(symbols)])
        case "array":
            items, values = draw(ambiguous(numbers, depth - 1))
            return {"type": "array", "items": items}, st.lists(values, max_size=2).map(_array)
        case "map":
            inner, values = draw(ambiguous(numbers, depth - 1))
            return {"type": "map", "values": inner}, st.dictionaries(st.sampled_from("kl"), values).map(_map)
        case "record":
            names = draw(st.lists(st.sampled_from("xyz"), unique=True))
            fields = [draw(ambiguous(numbers, depth - 1)) for _ in names]
            document = [{"name": name, "type": inner} for name, (inner, _) in zip(names, fields, strict=True)]
            values = st.tuples(*(inner for _, inner in fields)).map(lambda items: _record(names, items))
            return {"type": "record", "name": f"{space}.R", "fields": document}, values
        case "union":
            branches = draw(st.lists(ambiguous(numbers, depth - 1), min_size=1, max_size=4, unique_by=_kind))
            branches = [branch for branch in branches if not isinstance(branch[0], list)]
            if not branches:
                return "null", st.just((None, b""))
            values = st.one_of([_branch(at, inner) for at, (_, inner) in enumerate(branches)])
            return [document for document, _ in branches], values
    name = draw(st.sampled_from(sorted(PRIMITIVES)))
    values, encode = PRIMITIVES[name]
    return name, values.map(lambda value: (value, encode(value)))


@settings(max_examples=200, deadline=None)
@given(ambiguous(), st.data())
def test_any_schema_read_with_itself_gives_the_value_as_it_was_written(pair: tuple[Any, Values], data: Any) -> None:
    document, values = pair
    value, written = data.draw(values)
    for reader in (None, parse(document)):
        assert _typed(decode(written, reader_of(parse(document), reader))) == _typed(value)
    assert list(problems(parse(document), parse(document))) == []


def _kind(pair: tuple[Any, Values]) -> Any:
    """By this the branches of a union differ."""
    document = pair[0]
    return document.get("name", document["type"]) if isinstance(document, dict) else str(document)


def _branch(at: int, values: Values) -> Values:
    return values.map(lambda pair: (pair[0], _long(at) + pair[1]))


def _typed(value: Any) -> Any:
    """A value with the types of all that is in it: b"" is not "", and 1 is not True."""
    match value:
        case list():
            return [_typed(item) for item in value]
        case dict():
            return {key: _typed(item) for key, item in value.items()}
    return type(value), value


def _long(value: int) -> bytes:
    """Zig-zag, seven bits a byte (Avro specification, "Primitive Types")."""
    bits, out = value << 1 ^ value >> 63, bytearray()
    while bits > 0x7F:
        out.append(bits & 0x7F | 0x80)
        bits >>= 7
    return bytes([*out, bits])


def _array(items: list[tuple[Any, bytes]]) -> tuple[Any, bytes]:
    return [value for value, _ in items], _blocks(len(items), b"".join(data for _, data in items))


def _map(entries: dict[str, tuple[Any, bytes]]) -> tuple[Any, bytes]:
    data = b"".join(PRIMITIVES["string"][1](key) + item for key, (_, item) in entries.items())
    return {key: value for key, (value, _) in entries.items()}, _blocks(len(entries), data)


def _record(names: list[str], items: tuple[tuple[Any, bytes], ...]) -> tuple[Any, bytes]:
    return dict(zip(names, (value for value, _ in items), strict=True)), b"".join(data for _, data in items)


def _blocks(count: int, data: bytes) -> bytes:
    return (_long(count) + data if count else b"") + _long(0)
