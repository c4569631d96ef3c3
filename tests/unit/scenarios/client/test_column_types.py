"""Every type of column that events have at rest: one file, which pyarrow and DuckDB read back as it was written."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.scenarios.client.test_warehouse import OLD, TIME, asked, parquet, rested


@dataclass(frozen=True)
class Kind:
    """A type of column: the Avro type that it is for, Arrow's and DuckDB's, and values as Python and JSON have them."""

    avro: Any
    arrow: Any
    duckdb: str
    values: list[Any]
    written: list[Any]


DURATION = pa.struct([("months", pa.int64()), ("days", pa.int64()), ("milliseconds", pa.int64())])
FIRST, LAST = datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_000)
FIRST_NS, LAST_NS = datetime(1678, 1, 1), datetime(2262, 1, 1)
PLACES = pa.struct([("name", pa.string()), ("at", pa.list_(pa.float64()))])
PLACE = {"name": "é", "at": [1.5, -0.0]}


def same(avro: Any, arrow: Any, duckdb: str, *values: Any) -> Kind:
    """A type whose values are the same in Python and JSON."""
    return Kind(avro, arrow, duckdb, list(values), list(values))


def logical(primitive: str, name: str, **more: Any) -> dict[str, Any]:
    return {"type": primitive, "logicalType": name, **more}


def times(name: str, unit: str, duckdb: str, first: datetime, last: datetime) -> dict[str, Kind]:
    """A timestamp and its local counterpart, from the first to the last of its times."""
    texts = [first.isoformat(), last.isoformat()]
    zoned = [first.replace(tzinfo=UTC), last.replace(tzinfo=UTC)]
    with_zone = "TIMESTAMPTZ_NS" if unit == "ns" else "TIMESTAMP WITH TIME ZONE"
    return {
        name: Kind(
            logical("long", name), pa.timestamp(unit, "UTC"), with_zone, zoned, [f"{text}+00:00" for text in texts]
        ),
        f"local-{name}": Kind(logical("long", f"local-{name}"), pa.timestamp(unit), duckdb, [first, last], texts),
    }


KINDS: dict[str, Kind] = {
    "null": same("null", pa.null(), '"NULL"'),
    "boolean": same("boolean", pa.bool_(), "BOOLEAN", True, False),
    "int": same("int", pa.int32(), "INTEGER", -(2**31), 2**31 - 1),
    "long": same("long", pa.int64(), "BIGINT", -(2**63), 2**63 - 1),
    "float": same("float", pa.float32(), "FLOAT", 0.5, -(2.0**127)),
    "double": Kind("double", pa.float64(), "DOUBLE", [5e-324, float("-inf")], [5e-324, "-inf"]),
    "bytes": Kind("bytes", pa.binary(), "BLOB", [b"", b"\x00\xff"], ["", "00ff"]),
    "string": same("string", pa.string(), "VARCHAR", "", "é\x00\U0001f600"),
    "fixed": Kind({"type": "fixed", "size": 2}, pa.binary(2), "BLOB", [b"\x00\xff", b"ab"], ["00ff", "6162"]),
    "fixed of size 0": Kind({"type": "fixed", "size": 0}, pa.binary(), "BLOB", [b""], [""]),
    "enum": same({"type": "enum", "symbols": ["A", "B"]}, pa.dictionary(pa.int32(), pa.string()), "VARCHAR", "B", "A"),
    "enum without symbols": same({"type": "enum", "symbols": []}, pa.dictionary(pa.int32(), pa.string()), "VARCHAR"),
    "decimal": Kind(
        logical("bytes", "decimal", precision=38, scale=38),
        pa.decimal128(38, 38),
        "DECIMAL(38,38)",
        [Decimal(f"0.{'9' * 38}"), Decimal("-1e-38")],
        [f"0.{'9' * 38}", f"-0.{'0' * 37}1"],
    ),
    "decimal without fraction": Kind(
        logical("bytes", "decimal", precision=4), pa.decimal128(4, 0), "DECIMAL(4,0)", [Decimal(-9999)], ["-9999"]
    ),
    "decimal of more than 38 digits": Kind(
        logical("bytes", "decimal", precision=39), pa.binary(), "BLOB", [b"\x01" * 17], ["01" * 17]
    ),
    "big-decimal": Kind(logical("bytes", "big-decimal"), pa.binary(), "BLOB", [b"\x02\x01\x02"], ["020102"]),
    "uuid": same(logical("string", "uuid"), pa.string(), "VARCHAR", "1dc41f2e-9455-4329-9b48-5a3247c3a6d9"),
    "duration": same(
        {"type": "fixed", "size": 12, "logicalType": "duration"},
        DURATION,
        'STRUCT("months" BIGINT, "days" BIGINT, "milliseconds" BIGINT)',
        {"months": 2**32 - 1, "days": 0, "milliseconds": 1},
    ),
    "date": Kind(
        logical("int", "date"), pa.date32(), "DATE", [date.min, date.max], [date.min.isoformat(), date.max.isoformat()]
    ),
    "time-millis": Kind(
        logical("int", "time-millis"),
        pa.time32("ms"),
        "TIME",
        [time.min, time(23, 59, 59, 999_000)],
        ["00:00:00", "23:59:59.999000"],
    ),
    "time-micros": Kind(
        logical("long", "time-micros"), pa.time64("us"), "TIME", [time.min, time.max], ["00:00:00", "23:59:59.999999"]
    ),
    **times("timestamp-millis", "ms", "TIMESTAMP_MS", FIRST, LAST),
    **times("timestamp-micros", "us", "TIMESTAMP", FIRST, LAST + timedelta(microseconds=999)),
    **times("timestamp-nanos", "ns", "TIMESTAMP_NS", FIRST_NS, LAST_NS),
    "array": same({"type": "array", "items": "int"}, pa.list_(pa.int32()), "INTEGER[]", [], [1, 2]),
    "array of enums": same(
        {"type": "array", "items": {"type": "enum", "symbols": ["A", "B"]}},
        pa.list_(pa.dictionary(pa.int32(), pa.string())),
        "VARCHAR[]",
        [],
        ["A", "B", "A"],
    ),
    "map": Kind(
        {"type": "map", "values": "string"},
        pa.map_(pa.string(), pa.string()),
        "MAP(VARCHAR, VARCHAR)",
        [[], [("", "é"), ("k", "")]],
        [{}, {"": "é", "k": ""}],
    ),
    "record": same({"type": "record"}, PLACES, 'STRUCT("name" VARCHAR, "at" DOUBLE[])', PLACE, {"name": "", "at": []}),
    "map of arrays of records": Kind(
        {"type": "map"},
        pa.map_(pa.string(), pa.list_(PLACES)),
        'MAP(VARCHAR, STRUCT("name" VARCHAR, "at" DOUBLE[])[])',
        [[("k", [PLACE])]],
        [{"k": [PLACE]}],
    ),
}
ROWS = 3


def padded(values: list[Any]) -> list[Any]:
    """The values, and null where there are less of them than rows; the last row is always null."""
    return values + [None] * (ROWS - len(values))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the file of all columns."""
    folder = tmp_path_factory.mktemp("types")
    columns: dict[str, Any] = {name: pa.array(padded(kind.values), kind.arrow) for name, kind in KINDS.items()}
    parquet(
        folder,
        OLD,
        event_id=["0", "1", "2"],
        event_time=pa.array([TIME] * ROWS, pa.timestamp("us", "UTC")),
        **columns,
    )
    return folder


@pytest.mark.parametrize("name", KINDS)
def test_pyarrow_reads_a_column_of_each_type_as_it_was_written(folder: Path, name: str) -> None:
    column = pq.read_table(folder / "bucket" / OLD, columns=[name])[name]
    assert column.type == KINDS[name].arrow
    assert column.to_pylist() == padded(KINDS[name].values)


@pytest.mark.parametrize("name", KINDS)
def test_duckdb_has_a_type_for_a_column_of_each_type_and_the_same_values(folder: Path, name: str) -> None:
    warehouse = rested(folder)
    rows = asked(warehouse, f'select typeof("{name}"), "{name}" from ping order by event_id')
    assert [row[1] for row in rows] == padded(KINDS[name].written)
    assert rows[0][0] == KINDS[name].duckdb
    there = [value for value in KINDS[name].written if value is not None]
    assert asked(warehouse, f'select "{name}" from ping where "{name}" is not null order by event_id') == [
        (value,) for value in there
    ]


def test_all_of_them_are_in_one_answer_and_at_the_head(folder: Path) -> None:
    warehouse = rested(folder)
    expected = list(zip(*(padded(kind.written) for kind in KINDS.values()), strict=True))
    names = ", ".join(f'"{name}"' for name in KINDS)
    assert asked(warehouse, f"select {names} from ping order by event_id") == expected
    assert [row[2 : 2 + len(KINDS)] for row in warehouse.head("ping", ROWS).rows] == expected
    assert warehouse.skipped == {}
