"""Whatever value of whatever type is written as JSON, it is fed as that value or refused; it is never another one."""

import io
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from fastavro import parse_schema as fastavro_schema
from fastavro import schemaless_writer
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from wavetank.pipeline.avro import binary
from wavetank.pipeline.avro.parse import parse as parse_schema
from wavetank.pipeline.avro.storable import range_of
from wavetank.scenarios.client.wire import HEADER_BYTES, WireSchema, encode_frame
from wavetank.scenarios.workload.json_values import Readers
from wavetank.scenarios.workload.ndjson import parse

COSTLY = settings(
    max_examples=100,
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    deadline=None,
)
LOGICAL = {
    "date": "int",
    "time-millis": "int",
    "time-micros": "long",
    **{f"{local}timestamp-{unit}": "long" for local in ("", "local-") for unit in ("millis", "micros", "nanos")},
}
PER_SECOND = {"millis": 1_000, "micros": 1_000_000, "nanos": 1_000_000_000}
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,5}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)

Case = tuple[Any, st.SearchStrategy[tuple[Any, Any]]]
"""A schema's JSON, and pairs of a value and its JSON. A union's value is a pair of the branch's name and the value."""


def paired(values: st.SearchStrategy[Any], *writers: Any) -> st.SearchStrategy[tuple[Any, Any]]:
    return st.tuples(values, st.sampled_from(writers)).map(lambda pair: (pair[0], pair[1](pair[0])))


def same(value: Any) -> Any:
    return value


def base64_text(data: bytes) -> str:
    return b64encode(data).decode()


def iso_time(unit: str, per_second: int, is_local: bool) -> Any:
    places = len(str(per_second)) - 1

    def write(number: int) -> str:
        seconds, fraction = divmod(number, per_second)
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        return f"{moment:%Y-%m-%dT%H:%M:%S}".zfill(19) + f".{fraction:0{places}}" + ("" if is_local else "Z")

    return write


def time_of_day(per_second: int) -> Any:
    places = len(str(per_second)) - 1

    def write(number: int) -> str:
        seconds, fraction = divmod(number, per_second)
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:0{places}}"

    return write


def iso_date(number: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=number)).date().isoformat()


def duration(parts: tuple[int, int, int]) -> str:
    months, days, milliseconds = parts
    return f"P{months}M{days}DT{milliseconds // 1000}.{milliseconds % 1000:03}S"


def decimal_text(scale: int) -> Any:
    def write(unscaled: int) -> str:
        digits = f"{abs(unscaled):0{scale + 1}}"
        split = len(digits) - scale
        return ("-" if unscaled < 0 else "") + digits[:split] + (f".{digits[split:]}" if scale else "")

    return write


PRIMITIVES: dict[str, st.SearchStrategy[tuple[Any, Any]]] = {
    "null": paired(st.none(), same),
    "boolean": paired(st.booleans(), same, str),
    "int": paired(st.integers(-(2**31), 2**31 - 1), same, str, lambda number: f"{number}.0"),
    "long": paired(st.integers(-(2**63), 2**63 - 1), same, str),
    "float": paired(st.floats(width=32, allow_nan=False, allow_infinity=False), same, repr),
    "double": paired(st.floats(allow_nan=False, allow_infinity=False), same, repr),
    "bytes": paired(st.binary(max_size=9), base64_text),
    "string": paired(TEXTS, same),
}


PLAIN = {name: pairs.filter(lambda pair: not isinstance(pair[1], str)) for name, pairs in PRIMITIVES.items()}
PLAIN |= {name: PRIMITIVES[name] for name in ("bytes", "string")}
"""Without numbers and truth values as text, which in a union is text."""


@st.composite
def logicals(draw: st.DrawFn, name: str) -> Case:
    document: dict[str, Any]
    kind = draw(st.sampled_from([*LOGICAL, "decimal", "fixed-decimal", "uuid", "fixed-uuid", "duration"]))
    if kind in LOGICAL:
        document = {"type": LOGICAL[kind], "logicalType": kind}
        allowed = range_of(parse_schema(document))
        assert allowed is not None
        numbers = st.integers(allowed.low, allowed.high)
        unit = kind.rpartition("-")[2]
        if kind == "date":
            return document, paired(numbers, same, iso_date)
        if kind.startswith("time-"):
            return document, paired(numbers, same, time_of_day(PER_SECOND[unit]))
        return document, paired(numbers, same, iso_time(unit, PER_SECOND[unit], kind.startswith("local")))
    hexadecimal = st.uuids(allow_nil=True)
    match kind:
        case "uuid":
            return {"type": "string", "logicalType": "uuid"}, paired(hexadecimal.map(str), same)
        case "fixed-uuid":
            document = {"type": "fixed", "name": name, "size": 16, "logicalType": "uuid"}
            return document, hexadecimal.map(lambda uuid: (uuid.bytes, str(uuid)))
        case "duration":
            document = {"type": "fixed", "name": name, "size": 12, "logicalType": "duration"}
            parts = st.tuples(*[st.integers(0, 2**32 - 1)] * 3)
            return document, paired(parts, duration).map(
                lambda pair: (b"".join(part.to_bytes(4, "little") for part in pair[0]), pair[1])
            )
    size = 12 if kind == "fixed-decimal" else None
    precision = draw(st.integers(1, 28 if size else 50))
    scale = draw(st.integers(0, precision))
    document = {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}
    if size:
        document |= {"type": "fixed", "name": name, "size": size}
    numbers = st.integers(-(10**precision) + 1, 10**precision - 1)

    def data(number: int) -> bytes:
        least = next(length for length in count(1) if -(1 << 8 * length - 1) <= number < 1 << 8 * length - 1)
        return number.to_bytes(size or least, signed=True)

    return document, paired(numbers, decimal_text(scale)).map(lambda pair: (data(pair[0]), pair[1]))


@st.composite
def types(draw: st.DrawFn, depth: int, numbers: Any, in_union: bool = False) -> Case:
    kinds = ["primitive", "primitive", "logical", "enum", "fixed"]
    if depth:
        kinds += ["array", "map", "record", "record", "recursive"] + ([] if in_union else ["union", "nullable"])
    name = f"N{next(numbers)}"
    match draw(st.sampled_from(kinds)):
        case "logical":
            return draw(logicals(name))
        case "enum":
            symbols = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
            return {"type": "enum", "name": name, "symbols": symbols}, paired(st.sampled_from(symbols), same)
        case "fixed":
            size = draw(st.integers(0, 5))
            values = st.binary(min_size=size, max_size=size)
            return {"type": "fixed", "name": name, "size": size}, paired(values, base64_text)
        case "array":
            items, pairs = draw(types(depth - 1, numbers))
            lists = st.lists(pairs, max_size=3)
            return {"type": "array", "items": items}, lists.map(lambda two: ([v for v, _ in two], [j for _, j in two]))
        case "map":
            inner, pairs = draw(types(depth - 1, numbers))
            maps = st.dictionaries(TEXTS | st.sampled_from(["string", "map"]), pairs, max_size=3)
            return {"type": "map", "values": inner}, maps.map(
                lambda entries: ({k: v for k, (v, _) in entries.items()}, {k: j for k, (_, j) in entries.items()})
            )
        case "record":
            return draw(records(depth - 1, numbers, name))
        case "recursive":
            document, pairs = draw(records(depth - 1, numbers, name))
            document["fields"].append({"name": "inner", "type": ["null", name], "default": None})
            return document, st.lists(pairs, min_size=1, max_size=3).map(lambda chain: nested(name, chain))
        case "nullable":
            inner, pairs = draw(types(depth - 1, numbers, in_union=True))
            if inner == "null":
                inner, pairs = "string", PRIMITIVES["string"]
            tagged = pairs.map(lambda pair: ((branch_name(inner), pair[0]), pair[1]))
            return draw(st.permutations(["null", inner])), tagged | st.just((None, None))
        case "union":
            cases = draw(st.lists(types(depth - 1, numbers, in_union=True), min_size=2, max_size=4))
            branches = {branch_name(document): (document, pairs) for document, pairs in cases}
            untagged = {"null"} if len(branches.keys() - {"null"}) > 1 else branches.keys()
            options = [
                pairs.map(partial(branch_of, name, name not in untagged)) for name, (_, pairs) in branches.items()
            ]
            return [document for document, _ in branches.values()], st.one_of(options)
    primitive = draw(st.sampled_from(sorted(PRIMITIVES)))
    return primitive, (PLAIN if in_union else PRIMITIVES)[primitive]


def nested(name: str, chain: list[tuple[Any, Any]]) -> tuple[Any, Any]:
    value, text = None, None
    for fields, written in chain:
        value = {**fields, "inner": None if value is None else (name, value)}
        text = {**written, "inner": text}
    return value, text


@st.composite
def records(draw: st.DrawFn, depth: int, numbers: Any, name: str) -> Case:
    fields = {
        field: draw(types(depth, numbers))
        for field in draw(st.lists(NAMES.filter(lambda name: name != "inner"), max_size=3, unique=True))
    }
    document = {
        "type": "record",
        "name": name,
        "fields": [{"name": field, "type": avro} for field, (avro, _) in fields.items()],
    }
    pairs = st.fixed_dictionaries({field: pairs for field, (_, pairs) in fields.items()})
    return document, pairs.map(
        lambda record: ({k: v for k, (v, _) in record.items()}, {k: j for k, (_, j) in record.items()})
    )


def branch_of(name: str, is_tagged: bool, pair: tuple[Any, Any]) -> tuple[Any, Any]:
    return (name, pair[0]), {name: pair[1]} if is_tagged else pair[1]


def branch_name(document: Any) -> str:
    if isinstance(document, str):
        return document
    return str(document.get("name", document["type"]))


def plain(value: Any) -> Any:
    """A value without the names of branches; text as its bytes, since a branch of bytes may be read for one of text."""
    match value:
        case str():
            return value.encode()
        case (str(), inner) if isinstance(value, tuple):
            return plain(inner)
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
    return value


def written(document: Any, value: Any) -> bytes:
    """The encoding of a value that says all of its branches."""
    out = io.BytesIO()
    schemaless_writer(out, fastavro_schema(document), value)
    return out.getvalue()


@st.composite
def cases(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    document, pairs = draw(records(2, count(), "Top"))
    return (document, *draw(pairs))


@COSTLY
@given(cases())
def test_json_of_any_value_is_fed_as_that_value_and_branch(case: tuple[Any, Any, Any]) -> None:
    document, value, text = case
    source = parse(json.dumps(text).encode())
    assert isinstance(source, dict)
    try:
        fed = Readers().of(parse_schema(document))(source)
    except ValueError as error:
        # An object that is a map or a record as well as a tagged value: never taken for one of them in silence.
        assert "in Avro's JSON encoding" in str(error)  # noqa: PT017
        return
    assert isinstance(fed, dict)
    body = encode_frame(WireSchema.of(document), fed)[HEADER_BYTES:]
    assert body == written(document, value)
    assert plain(binary.decode(body, binary.reader_of(parse_schema(document)))) == plain(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | NAMES, inner, max_size=3),
    max_leaves=8,
)


@COSTLY
@given(types(2, count()), st.data())
def test_any_json_is_a_value_of_any_type_or_refused(case: Case, data: st.DataObject) -> None:
    document, _ = case
    source = parse(json.dumps({"v": data.draw(JSON)}).encode())
    assert isinstance(source, dict)
    top = {"type": "record", "name": "Top", "fields": [{"name": "v", "type": document}]}
    try:
        value = Readers().of(parse_schema(document))(source["v"])
    except ValueError:
        return
    body = encode_frame(WireSchema.of(top), {"v": value})[HEADER_BYTES:]
    binary.decode(body, binary.reader_of(parse_schema(top)))


@pytest.mark.parametrize("unit", PER_SECOND)
def test_times_of_the_generator_are_those_of_the_calendar(unit: str) -> None:
    assert iso_time(unit, PER_SECOND[unit], True)(-1).startswith("1969-12-31T23:59:59.9")
