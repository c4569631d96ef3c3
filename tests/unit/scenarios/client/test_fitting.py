"""Files of several versions of a schema under one view: fitted without a changed value, or refused with a sentence."""

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest

from tests.unit.scenarios.client.test_warehouse import NEW, OLD, TIME, asked, parquet, rested
from wavetank.scenarios.client.fitting import DURATION
from wavetank.scenarios.client.sql import QueryError
from wavetank.scenarios.client.warehouse import Warehouse

ENUM = pa.dictionary(pa.int32(), pa.string())
REQUIRED = pa.struct([pa.field("a", pa.int32(), nullable=False)])
WIDER = pa.struct([pa.field("b", ENUM), pa.field("a", pa.int64(), nullable=False)])
NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)
UTC_MS, UTC_NS, LOCAL_US = pa.timestamp("ms", "UTC"), pa.timestamp("ns", "UTC"), pa.timestamp("us")

TOGETHER: dict[str, tuple[Any, Any, Any, Any]] = {
    "null, int": (pa.null(), None, pa.int32(), None),
    "null, enum": (pa.null(), None, ENUM, None),
    "null, record": (pa.null(), None, WIDER, None),
    "int, long": (pa.int32(), -(2**31), pa.int64(), -(2**31)),
    "int, double": (pa.int32(), 2**31 - 1, pa.float64(), float(2**31 - 1)),
    "long, double": (pa.int64(), 2**53 + 1, pa.float64(), float(2**53)),
    "int, float": (pa.int32(), 2**24 + 1, pa.float32(), float(2**24)),
    "float, double": (pa.float32(), 0.5, pa.float64(), 0.5),
    "long that fits, int": (pa.int64(), 7, pa.int32(), 7),
    "string, bytes": (pa.string(), "é", pa.binary(), "c3a9"),
    "bytes that are text, string": (pa.binary(), "é".encode(), pa.string(), "é"),
    "enum, string": (ENUM, "A", pa.string(), "A"),
    "string, enum": (pa.string(), "A", ENUM, "A"),
    "fixed, bytes": (pa.binary(2), b"\xff\x00", pa.binary(), "ff00"),
    "decimal, of more digits": (pa.decimal128(4, 2), Decimal("-12.34"), pa.decimal128(38, 10), "-12.3400000000"),
    "decimal, of less that fits": (pa.decimal128(38, 10), Decimal("12.34"), pa.decimal128(4, 2), "12.34"),
    "time, finer": (pa.time32("ms"), time(1, 2, 3), pa.time64("us"), "01:02:03"),
    "timestamp, finer": (UTC_MS, NOON, UTC_NS, "2020-01-01T12:00:00+00:00"),
    "record, of more fields": (REQUIRED, {"a": 1}, WIDER, {"b": None, "a": 1}),
    "record, of less fields": (WIDER, {"a": 1, "b": "A"}, REQUIRED, {"a": 1}),
    "array": (pa.list_(pa.field("item", REQUIRED)), [{"a": 1}, None], pa.list_(WIDER), [{"b": None, "a": 1}, None]),
    "map": (pa.map_(pa.string(), REQUIRED), [("k", {"a": 1})], pa.map_(pa.string(), WIDER), {"k": {"b": None, "a": 1}}),
    "uuid as bytes, text": (pa.binary(16), UUID(int=7).bytes, pa.string(), str(UUID(int=7))),
    "duration as bytes, numbers": (
        pa.binary(12),
        bytes([1, 0, 0, 0, 2, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]),
        DURATION,
        {"months": 1, "days": 2, "milliseconds": 2**32 - 1},
    ),
    "uuid within a record": (
        pa.struct([("u", pa.binary(16))]),
        {"u": UUID(int=7).bytes},
        pa.struct([("u", pa.string())]),
        {"u": str(UUID(int=7))},
    ),
}
APART: dict[str, tuple[Any, Any, Any]] = {
    "boolean, int": (pa.bool_(), True, pa.int32()),
    "int, boolean": (pa.int32(), 1, pa.bool_()),
    "int, null": (pa.int32(), 1, pa.null()),
    "int, string": (pa.int32(), 1, pa.string()),
    "int, time": (pa.int32(), 1, pa.time32("ms")),
    "int, date": (pa.int32(), 1, pa.date32()),
    "long, timestamp": (pa.int64(), 1, UTC_MS),
    "timestamp, long": (UTC_MS, NOON, pa.int64()),
    "timestamp, local": (UTC_MS, NOON, LOCAL_US),
    "date, timestamp": (pa.date32(), date(2020, 1, 1), UTC_MS),
    "double, float": (pa.float64(), 1.1, pa.float32()),
    "double, decimal": (pa.float64(), 1.5, pa.decimal128(4, 2)),
    "decimal, double": (pa.decimal128(4, 2), Decimal("1.10"), pa.float64()),
    "bytes, decimal": (pa.binary(), b"\x01", pa.decimal128(4, 2)),
    "decimal, bytes": (pa.decimal128(4, 2), Decimal("1.10"), pa.binary()),
    "fixed, of another size": (pa.binary(2), b"ab", pa.binary(3)),
    "fixed, string": (pa.binary(2), b"ab", pa.string()),
    "array, int": (pa.list_(pa.int32()), [1], pa.int32()),
    "array, map": (pa.list_(pa.int32()), [1], pa.map_(pa.string(), pa.int32())),
    "uuid as bytes within an array, text": (pa.list_(pa.binary(16)), [b"a" * 16], pa.list_(pa.string())),
    "long that does not fit, int": (pa.int64(), 2**31, pa.int32()),
    "bytes that are no text, string": (pa.binary(), b"\xff", pa.string()),
    "decimal that does not fit": (pa.decimal128(6, 4), Decimal("1.2345"), pa.decimal128(4, 2)),
    "timestamp, coarser, that does not fit": (pa.timestamp("us", "UTC"), NOON.replace(microsecond=1), UTC_MS),
}


def at_rest(folder: Path, key: str, event_id: str, **columns: Any) -> None:
    parquet(folder, key, event_id=[event_id], event_time=pa.array([TIME], pa.timestamp("us", "UTC")), **columns)


def two_versions(folder: Path, old: Any, value: Any, new: Any) -> Warehouse:
    at_rest(folder, OLD, "old", x=pa.array([value], old))
    at_rest(folder, NEW, "new", x=pa.array([None], new))
    return rested(folder)


@pytest.mark.parametrize("pair", TOGETHER)
def test_columns_that_go_together_are_asked_for_at_once(tmp_path: Path, pair: str) -> None:
    old, value, new, expected = TOGETHER[pair]
    warehouse = two_versions(tmp_path, old, value, new)
    assert asked(warehouse, "select event_id, x from ping order by 1") == [("new", None), ("old", expected)]
    there = [] if value is None else [("old", "2019-11-24", 0)]
    assert asked(warehouse, "select event_id, date, bucket from ping where x is not null and hour = 23") == there
    assert [row[0] for row in warehouse.head("ping", 9).rows] == ["old", "new"]
    assert warehouse.skipped == {}


@pytest.mark.parametrize("pair", APART)
def test_columns_that_do_not_go_together_end_in_a_sentence(tmp_path: Path, pair: str) -> None:
    warehouse = two_versions(tmp_path, *APART[pair])
    for sql in ("select x from ping", "select count(*) from ping where x is null"):
        with pytest.raises(QueryError, match=rf"^{OLD}: [^\n]*column x[^\n]*; ask without [^\n]*where date") as caught:
            asked(warehouse, sql)
        assert str(getattr(APART[pair][2], "value_type", APART[pair][2])) in str(caught.value)
    assert asked(warehouse, "select event_id from ping order by 1") == [("new",), ("old",)]
    assert asked(warehouse, "select x from ping where date > '2019-11-24'") == [(None,)]
    with pytest.raises(QueryError, match=OLD):
        list(warehouse.head("ping", 9).rows)


def test_a_condition_on_a_fitted_column_holds_for_its_new_values(tmp_path: Path) -> None:
    warehouse = two_versions(tmp_path, pa.int32(), 7, pa.int64())
    assert asked(warehouse, "select event_id from ping where x = 7") == [("old",)]
    assert asked(warehouse, "select event_id from ping where x > 2**40") == []


PARTITION_NAMES = {
    ("date",): ("date", "partition_date", "hour", "bucket"),
    ("Date",): ("Date", "partition_date", "hour", "bucket"),
    ("hour", "bucket"): ("hour", "bucket", "date", "partition_hour", "partition_bucket"),
    ("date", "partition_date"): ("date", "partition_date", "partition_date_1", "hour", "bucket"),
    ("event",): ("event", "date", "hour", "bucket"),
}


@pytest.mark.parametrize("own", PARTITION_NAMES)
def test_a_column_of_the_event_keeps_its_name_beside_one_of_the_partition(tmp_path: Path, own: tuple[str, ...]) -> None:
    for key, event_id in ((OLD, "old"), (NEW, "new")):
        at_rest(tmp_path, key, event_id, **{name: [f"{event_id}'s {name}"] for name in own})
    warehouse = rested(tmp_path)
    assert tuple(warehouse.tables["ping"].schema.names) == ("event_id", "event_time", *PARTITION_NAMES[own])
    chosen = ", ".join(f'"{name}"' for name in own)
    assert sorted(asked(warehouse, f"select {chosen} from ping")) == [
        tuple(f"{event_id}'s {name}" for name in own) for event_id in ("new", "old")
    ]
    assert len(asked(warehouse, "select * from ping")) == 2
    assert len(list(warehouse.head("ping", 9).rows)) == 2
    of_partition = next(name for name in reversed(PARTITION_NAMES[own]) if "date" in name.lower())
    (tmp_path / "bucket" / OLD).write_bytes(b"damaged")
    assert asked(warehouse, f"select event_id from ping where {of_partition} > '2019-11-24'") == [("new",)]
    assert warehouse.skipped == {}


@pytest.mark.parametrize(("older", "newer"), [({"date": ["mine"]}, {}), ({}, {"date": ["mine"]})])
def test_a_partition_is_found_though_a_file_of_another_version_has_a_column_of_its_name(
    tmp_path: Path, older: dict[str, Any], newer: dict[str, Any]
) -> None:
    at_rest(tmp_path, OLD, "old", **older)
    at_rest(tmp_path, NEW, "new", **newer)
    warehouse = rested(tmp_path)
    name = "partition_date" if newer else "date"
    assert asked(warehouse, f"select event_id, {name}, hour from ping order by 1") == [
        ("new", "2019-11-25", 0),
        ("old", "2019-11-24", 23),
    ]
    assert asked(warehouse, f"select {name} from ping where {name} < '2019-11-25'") == [("2019-11-24",)]


def test_columns_that_differ_only_in_case_are_told_apart(tmp_path: Path) -> None:
    record = pa.struct([("ThreadID", pa.int32()), ("ThreadId", pa.string())])
    columns: dict[str, Any] = {
        "SourceProcessGUID": [487],
        "SourceProcessGuid": pa.array(["{0}"]),
        "sourceprocessguid": [1.5],
        "execution": pa.array([{"ThreadID": 4, "ThreadId": "x"}], record),
        "executions": pa.array([[{"ThreadID": 4, "ThreadId": "x"}]], pa.list_(record)),
    }
    at_rest(tmp_path, OLD, "old", **columns)
    at_rest(tmp_path, NEW, "new", **columns)
    warehouse = rested(tmp_path)
    names = "SourceProcessGUID", "SourceProcessGuid_1", "sourceprocessguid_2"
    assert tuple(warehouse.tables["ping"].schema.names)[2:5] == names
    inside = {"ThreadID": 4, "ThreadId_1": "x"}
    row = (487, "{0}", 1.5, inside, [inside])
    columns_asked = f"{', '.join(names)}, execution, executions"
    assert asked(warehouse, f"select {columns_asked} from ping") == [row] * 2
    assert asked(warehouse, "select execution.ThreadID, execution.ThreadId_1 from ping limit 1") == [(4, "x")]
    assert asked(warehouse, "select bucket from ping where execution.threadid_1 = 'x' and hour = 0") == [(1,)]
    assert asked(warehouse, "select count(*) from ping where SourceProcessGuid_1 = '{0}' and hour = 0") == [(1,)]
    assert asked(warehouse, "select count(*) from ping where SourceProcessGUID = 0") == [(0,)]
    assert [row[2:7] for row in warehouse.head("ping", 9).rows] == [row, row]


DUCKDB_HAS_NONE = {
    "late": pa.array([2**62], pa.int64()).view(UTC_MS),
    "early": pa.array([{"a": -(2**62)}], pa.struct([("a", pa.int64())])).view(pa.struct([("a", UTC_MS)])),
    "twice": pa.array([[("k", 1), ("k", 2)]], pa.map_(pa.string(), pa.int32())),
}


@pytest.mark.parametrize("name", DUCKDB_HAS_NONE)
def test_a_value_that_duckdb_has_none_for_is_named_and_can_be_looked_at(tmp_path: Path, name: str) -> None:
    at_rest(tmp_path, OLD, "old", x=DUCKDB_HAS_NONE[name])
    warehouse = rested(tmp_path)
    with pytest.raises(QueryError, match=rf"^{OLD}: column x[^\n]*DuckDB has no value[^\n]*ask without"):
        asked(warehouse, "select * from ping")
    assert asked(warehouse, "select event_id from ping") == [("old",)]
    ((_, _, shown, *_),) = warehouse.head("ping", 1).rows
    assert re.search("146140482|146136544|k", str(shown))


def test_a_file_with_text_that_is_none_is_left_out_and_named(tmp_path: Path) -> None:
    at_rest(tmp_path, NEW, "new")
    at_rest(tmp_path, OLD, "old", x=pa.array([[b"\xff"]], pa.list_(pa.binary())).view(pa.list_(pa.string())))
    at_rest(tmp_path, NEW.replace("25", "26"), "newest", x=pa.array([["é"]]))
    for rows in (
        lambda warehouse: asked(warehouse, "select event_id, x from ping order by 1"),
        lambda warehouse: [(row[0], row[2]) for row in warehouse.head("ping", 9).rows],
    ):
        warehouse = rested(tmp_path)
        assert rows(warehouse) == [("new", None), ("newest", ["é"])]
        assert list(warehouse.skipped) == [OLD]
