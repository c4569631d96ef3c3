"""Whatever events a file holds: what is proposed for it can be published, and takes each of its rows without loss."""

import csv
import io
import json
import string
import tomllib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from fastavro import schemaless_reader
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from wavetank.scenarios.client.inference.proof import Proof, prove
from wavetank.scenarios.client.inference.proposal import Proposal, propose
from wavetank.scenarios.client.inference.survey import Source, Survey, survey
from wavetank.scenarios.client.wire import HEADER_BYTES, WireSchema, encode_frame
from wavetank.scenarios.workload.json_scalars import loose_text
from wavetank.scenarios.workload.mapper import Mapper
from wavetank.scenarios.workload.mapping_file import from_document
from wavetank.scenarios.workload.ndjson import Number, json_text, parse
from wavetank.scenarios.workload.rejects import Rejection

FILES = settings(
    max_examples=40,
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    deadline=None,
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AWKWARD = ("date", "Date", "hour", "event", "event_id", "attributes", "user-id", "user_id", "user.id", "user", "id", "")
NAMES = st.sampled_from([*AWKWARD, "2nd", "é", "a b", 'q"', "a[0]", "tab\t", "_"]) | st.text(
    string.ascii_letters, max_size=3
)
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).flatmap(
    lambda at: st.sampled_from([at.isoformat(), at.isoformat(" ") + "Z", f"{at:%Y-%m-%d}", at.isoformat() + "+02:00"])
)
NUMERALS = st.one_of(
    st.integers(-(2**70), 2**70).map(str),
    st.integers(-5, 300).map(str),
    st.decimals(-1000, 1000, places=2).map(lambda number: f"{number:f}"),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["007", "-0", "1.10", "1.9", "1E5", "1e-07", "0.1", "1,5", " 5", "+5", "1" * 50, "0." + "3" * 45]),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
WORDS = st.one_of(TEXTS, NUMERALS, MOMENTS, st.sampled_from(["true", "False", "NULL", "1700000000", "2020-13-01"]))


def alike(kinds: list[st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Values that are mostly of one kind, as those of a column are, and now and then are not."""
    return st.sampled_from(kinds) | st.just(st.one_of(kinds))


JSON_KINDS: list[st.SearchStrategy[Any]] = [
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(1_600_000_000_000, 1_700_000_000_000),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(-100, 100, places=2).map(float),
    TEXTS,
    MOMENTS,
    st.lists(st.integers(-9, 9) | st.none(), max_size=3),
    st.lists(st.dictionaries(NAMES, TEXTS | st.integers(0, 9), max_size=2), max_size=2),
    st.dictionaries(NAMES, st.none() | st.integers(0, 9) | TEXTS, max_size=3),
    st.dictionaries(NAMES, st.dictionaries(NAMES, st.lists(TEXTS, max_size=1), max_size=2), max_size=2),
]


@st.composite
def json_rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    columns = draw(st.dictionaries(NAMES, alike(JSON_KINDS), max_size=5))
    rows = []
    for number in range(draw(st.integers(1, 6))):
        row = {name: draw(st.none() | kind) for name, kind in columns.items() if draw(st.integers(0, 4))}
        rows.append({"t": f"2024-01-01T00:00:{number:02}Z", **{k: v for k, v in row.items() if k != "t"}})
    return rows


@st.composite
def csv_rows(draw: st.DrawFn) -> list[list[str]]:
    names = draw(st.lists(NAMES.filter(lambda name: name not in ("", "t")), max_size=4, unique=True))
    kinds = [draw(alike([TEXTS, NUMERALS, MOMENTS, WORDS, st.integers(0, 999).map("{:03}".format)])) for _ in names]
    rows = [
        [f"2024-01-01 00:00:0{n}", *(draw(st.just("") | kind) for kind in kinds)]
        for n in range(draw(st.integers(1, 5)))
    ]
    return [["t", *names], *rows]


ARROW_KINDS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (pa.bool_(), st.booleans()),
    (pa.int16(), st.integers(-(2**15), 2**15 - 1)),
    (pa.uint32(), st.integers(0, 2**32 - 1)),
    (pa.uint64(), st.integers(0, 2**64 - 1)),
    (pa.float32(), st.floats(width=32, allow_nan=False, allow_infinity=False)),
    (pa.float64(), st.floats(allow_nan=False, allow_infinity=False)),
    (pa.decimal128(12, 3), st.decimals(-1000, 1000, places=3)),
    (pa.decimal256(50, 2), st.decimals(-1000, 1000, places=2)),
    (pa.string(), WORDS),
    (pa.dictionary(pa.int8(), pa.string()), st.sampled_from(["red", "green"])),
    (pa.binary(), st.binary(max_size=4)),
    (pa.binary(3), st.binary(min_size=3, max_size=3)),
    (pa.date32(), st.dates()),
    (pa.time32("ms"), st.integers(0, 86_399_999)),
    (pa.time64("us"), st.integers(0, 86_399_999_999)),
    (pa.time64("ns"), st.integers(0, 86_399_999_999_999)),
    (pa.timestamp("ms", "Europe/Paris"), st.integers(-(10**13), 10**13)),
    (pa.timestamp("us"), st.integers(-(10**16), 10**16)),
    (pa.timestamp("ns", "UTC"), st.integers(-(10**18), 10**18)),
    (pa.duration("us"), st.integers(-(10**9), 10**9)),
    (
        pa.list_(pa.float32()),
        st.lists(st.none() | st.floats(width=16, allow_nan=False, allow_infinity=False), max_size=3),
    ),
    (
        pa.struct([("a b", pa.int8()), ("B", pa.list_(pa.string()))]),
        st.fixed_dictionaries({"a b": st.integers(0, 9), "B": st.lists(TEXTS, max_size=2)}),
    ),
    (pa.list_(pa.struct([("date", pa.date32())])), st.lists(st.fixed_dictionaries({"date": st.dates()}), max_size=2)),
    (
        pa.map_(pa.string(), pa.int64()),
        st.dictionaries(TEXTS, st.integers(-9, 9) | st.none(), max_size=3).map(lambda m: list(m.items())),
    ),
    (pa.null(), st.none()),
]


@st.composite
def arrow_tables(draw: st.DrawFn) -> pa.Table:
    rows = draw(st.integers(1, 5))
    columns: dict[str, Any] = {"t": pa.array([n * 10**6 for n in range(rows)], pa.timestamp("us", "UTC"))}
    for name in draw(st.lists(NAMES.filter(lambda name: name != "t"), max_size=5, unique=True)):
        arrow, values = draw(st.sampled_from(ARROW_KINDS))
        columns[name] = pa.array(draw(st.lists(st.none() | values, min_size=rows, max_size=rows)), arrow)
    return pa.table(columns)


def surveyed(path: Path, id_: str | None = "*", time: str | None = "t", **options: Any) -> tuple[Survey, Source]:
    source = Source(path)
    return survey(source, id_, time, **options), source


def proposed(content: bytes, name: str, id_: str | None = "*", time: str | None = "t") -> tuple[Proposal, Proof]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        result, source = surveyed(path, id_, time)
        proposal = propose("purchase", result)
        assert proposal.problems() == []
        proof = prove(proposal, source)
        assert_lossless(proposal, source)
        return proposal, proof


def assert_lossless(proposal: Proposal, source: Source) -> None:
    """Each value of each row is in its column, or in `attributes`."""
    wire = WireSchema.of(proposal.raw)
    mapper = Mapper(from_document(tomllib.loads(proposal.mapping), "m.toml", {"purchase": proposal.raw}))
    types = {field["name"]: field["type"] for field in proposal.raw["fields"]}
    columns = {column.source: column.name for column in proposal.columns}
    with source.opened() as (_, rows):
        for row in rows:
            document = parse(row.data) if row.document is None else row.document
            event = mapper.event_of(row)
            assert not isinstance(event, Rejection), event
            assert not isinstance(document, Rejection)
            body = io.BytesIO(encode_frame(wire, event.record)[HEADER_BYTES:])
            record = schemaless_reader(body, wire.parsed, None)
            assert isinstance(record, dict)
            assert mapper.unmapped == {}
            for name, value in document.items():
                if name in columns:
                    assert same(value, record[columns[name]], types[columns[name]]), (name, value)
                elif name not in (proposal.id.field, proposal.time.field):
                    assert record["attributes"][name] == json_text(value)


def same(value: Any, fed: Any, avro: Any) -> Any:
    """Whether what was fed says what the source does; what a record has no field for is elsewhere."""
    match avro:
        case ["null", inner]:
            return fed is None if value is None else same(value, fed, inner)
        case {"type": "record", "fields": fields}:
            return all(
                same(value.get(field["name"]), fed[field["name"]], field["type"])
                for field in fields
                if field["name"] in value
            )
        case {"type": "array", "items": items}:
            return len(value) == len(fed) and all(
                same(one, other, items) for one, other in zip(value, fed, strict=True)
            )
        case {"type": "map", "values": "string"}:
            return {key: loose_text(item) for key, item in value.items()} == fed
        case {"type": "map", "values": values}:
            return value.keys() == fed.keys() and all(same(value[key], fed[key], values) for key in value)
        case {"logicalType": "decimal", "scale": scale}:
            return Decimal(value) == Decimal(int.from_bytes(fed, signed=True)).scaleb(-scale)
        case {"logicalType": "date"}:
            return (date(1970, 1, 1) + timedelta(fed)).isoformat() == value
        case {"logicalType": logical} if logical.endswith("-micros") and "timestamp" in logical:
            return isinstance(value, Number) or moment(value) == EPOCH + timedelta(microseconds=fed)
        case {"logicalType": _}:
            return isinstance(fed, int)
        case "boolean":
            return (value if isinstance(value, bool) else value.lower() == "true") is fed
        case "int" | "long":
            return str(value) == str(fed) or (isinstance(value, Number) and Decimal(value) == fed)
        case "double":
            return Decimal(value) == Decimal(repr(fed))
        case "float":
            return float(value) == fed
        case "bytes":
            return True
    return loose_text(value) == fed


def moment(text: str) -> datetime:
    at = datetime.fromisoformat(text.upper())
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@FILES
@given(json_rows())
def test_any_newline_json_lands_whole(rows: list[dict[str, Any]]) -> None:
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    _, proof = proposed(content, "events.ndjson")
    assert (proof.events, proof.rows) == (len(rows), len(rows))


@FILES
@given(csv_rows(), st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n"]))
def test_any_csv_lands_whole(rows: list[list[str]], separator: str, end: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator=end).writerows(rows)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "events.csv"
        path.write_text(out.getvalue(), newline="")
        source = Source(path, separator=separator)
        proposal = propose("purchase", survey(source, "*", "t"))
        assert proposal.problems() == []
        assert prove(proposal, source).events == len(rows) - 1
        assert_lossless(proposal, source)


@FILES
@given(arrow_tables())
def test_any_parquet_lands_whole(table: pa.Table) -> None:
    out = io.BytesIO()
    pq.write_table(table, out)
    _, proof = proposed(out.getvalue(), "events.parquet")
    assert (proof.events, proof.rows) == (table.num_rows, table.num_rows)
