"""Values of every type that DuckDB and Parquet have: written without loss, and never a traceback."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.scenarios.client.test_warehouse import OLD, TIME, parquet, rested
from wavetank.scenarios.client.sql import Means, Rows, answered
from wavetank.scenarios.client.values import plain
from wavetank.scenarios.commands.query import print_csv, print_json, print_table

WRITTEN: dict[str, Any] = {
    "null": None,
    "true": True,
    "(-128)::tinyint": -128,
    "18446744073709551615::ubigint": 2**64 - 1,
    "(-9223372036854775808)::bigint": -(2**63),
    "170141183460469231731687303715884105727::hugeint": 2**127 - 1,
    "(-170141183460469231731687303715884105728)::hugeint": -(2**127),
    "340282366920938463463374607431768211455::uhugeint": 2**128 - 1,
    "(select sum(i) from range(3) r(i))": 3,
    "null::hugeint": None,
    "(-99999999999999999999999999999999999999999999)::bignum": "-99999999999999999999999999999999999999999999",
    "0::bignum": "0",
    "1e300": 1e300,
    "'nan'::double": "nan",
    "'inf'::float": "inf",
    "'-inf'::double": "-inf",
    "1.50::decimal(38,10)": "1.5000000000",
    "0::decimal(38,37)": "0.0000000000000000000000000000000000000",
    "12345678901234567890123456789012345678::decimal(38,0)": "12345678901234567890123456789012345678",
    "'é'": "é",
    "'\\xff\\x00'::blob": "ff00",
    "'10101'::bit": "10101",
    "'1dc41f2e-9455-4329-9b48-5a3247c3a6d9'::uuid": "1dc41f2e-9455-4329-9b48-5a3247c3a6d9",
    "'[1,2]'::json": "[1,2]",
    "'b'::enum('a', 'b')": "b",
    "'2020-02-29'::date": "2020-02-29",
    "'0001-01-01'::date": "0001-01-01",
    "'0001-12-31 (BC)'::date": "0001-12-31 (BC)",
    "'5877642-06-25 (BC)'::date": "5877642-06-25 (BC)",
    "'5881580-07-10'::date": "5881580-07-10",
    "'infinity'::date": "infinity",
    "'-infinity'::date": "-infinity",
    "'01:02:03'::time": "01:02:03",
    "'01:02:03.1'::time": "01:02:03.100000",
    "'24:00:00'::time": "24:00:00",
    "'01:02:03.123456789'::time_ns": "01:02:03.123456789",
    "'01:02:03+05:30'::timetz": "01:02:03+05:30",
    "'01:02:03.5-15:59:58'::timetz": "01:02:03.500000-15:59:58",
    "'2020-01-01 01:02:03.000001'::timestamp": "2020-01-01T01:02:03.000001",
    "'2020-01-01 01:02:03+02'::timestamptz": "2019-12-31T23:02:03+00:00",
    "'2020-01-01 01:02:03.123456789'::timestamp_ns": "2020-01-01T01:02:03.123456789",
    "'1969-12-31 23:59:59.999'::timestamp_ms": "1969-12-31T23:59:59.999000",
    "'2020-01-01 01:02:03'::timestamp_s": "2020-01-01T01:02:03",
    "'2020-01-01 01:02:03.123456789+00'::timestamptz_ns": "2020-01-01T01:02:03.123456789+00:00",
    "'290309-12-22 (BC) 00:00:00'::timestamp": "290309-12-22 (BC) 00:00:00",
    "'294247-01-10 04:00:54.775806+00'::timestamptz": "294247-01-10 04:00:54.775806+00:00",
    "'infinity'::timestamp": "infinity",
    "'-infinity'::timestamptz": "-infinity",
    "'infinity'::timestamp_ns": "infinity",
    "'-infinity'::timestamp_ms": "-infinity",
    "interval '-1 months 2 days -3.000001 seconds'": "-1 months 2 days -3.000001 seconds",
    "interval '3000000 years'": "36000000 months 0 days 0 seconds",
    "[]": [],
    "[null, [1]]": [None, [1]],
    "[1, 2]::int[2]": [1, 2],
    "null::int[]": None,
    "{'a': 1.5, 'b': ['infinity'::date]}": {"a": "1.5", "b": ["infinity"]},
    "{'a': null::struct(b int)}": {"a": None},
    "row(1, 'x')": {"element1": 1, "element2": "x"},
    "map {}": {},
    "map {'k': map {1: 2.5}}": {"k": {"1": "2.5"}},
    "map {'infinity'::date: 1, '2020-01-01': 2}": {"infinity": 1, "2020-01-01": 2},
    "map {[1]: {'a': 'nan'::double}}": {"[1]": {"a": "nan"}},
    "map {{'a': 1}: null}": {'{"a": 1}': None},
    "union_value(b := true)": True,
    "[null, [true, null]]::bool[2][]": [None, [True, None]],
    "[null]::bool[][]": [None],
    "map {1: null}::map(int, bool[])": {"1": None},
    "union_value(s := {'a': 1::hugeint})": {"a": 1},
}


def asked(sql: str) -> list[tuple[Any, ...]]:
    with answered(sql, {}, Means()) as result:
        return list(result.rows)


@pytest.mark.parametrize("sql", WRITTEN)
def test_a_value_of_each_type_of_duckdb_is_written_as_json_has_it(sql: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(f"select {sql}") == [(WRITTEN[sql],)]
    for show in (print_json, print_csv, print_table):
        with answered(f"select {sql} as x", {}, Means()) as result:
            show(result)
        out = capsys.readouterr().out
        if show is print_json:
            assert json.loads(out, parse_constant=pytest.fail) == [{"x": WRITTEN[sql]}]


LOGICAL: dict[str, tuple[Any, str]] = {
    "date": (pa.date32(), "date"),
    "time, ms": (pa.time32("ms"), "time"),
    "time, us": (pa.time64("us"), "time"),
    "time, ns": (pa.time64("ns"), "time_ns"),
    "timestamp, us": (pa.timestamp("us"), "timestamp"),
    "timestamp, ms": (pa.timestamp("ms"), "timestamp_ms"),
    "timestamp, ns": (pa.timestamp("ns"), "timestamp_ns"),
    "timestamptz, ms": (pa.timestamp("ms", "UTC"), "timestamptz"),
    "timestamptz, us": (pa.timestamp("us", "UTC"), "timestamptz"),
    "timestamptz, ns": (pa.timestamp("ns", "UTC"), "timestamptz_ns"),
}
PER_DAY = {"ms": 86_400_000, "us": 86_400 * 10**6, "ns": 86_400 * 10**9}


def integers(arrow: Any) -> st.SearchStrategy[int]:
    """The numbers of a type that DuckDB has values for: dates and times as far as its text goes."""
    if pa.types.is_date(arrow):
        return st.integers(-(2**31) + 1, 2**31 - 1).filter(lambda days: days > -2_147_483_000 or days == -(2**31) + 1)
    if pa.types.is_time(arrow):
        return st.integers(0, PER_DAY[arrow.unit] - 1)
    if arrow.unit == "us":
        return st.integers(-9_223_372_022_400_000_000, 2**63 - 1) | st.sampled_from([2**63 - 1, -(2**63) + 1])
    return st.integers(-(2**63) // 1000 + 10**10, 2**63 // 1000) if arrow.unit == "ms" else st.integers(-(2**62), 2**62)


@pytest.mark.parametrize("kind", LOGICAL)
@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_times_of_a_file_are_written_as_duckdb_reads_them_back(kind: str, data: st.DataObject) -> None:
    arrow, sql = LOGICAL[kind]
    numbers = data.draw(st.lists(integers(arrow), min_size=1))
    is_short = pa.types.is_date(arrow) or pa.types.is_time32(arrow)
    array: Any = pa.array(numbers, pa.int32() if is_short else pa.int64()).view(arrow)
    texts = plain(array)
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.register("written", pa.table({"x": array, "text": texts}))
        wrong = connection.sql(f"select text, x::varchar from written where text::{sql} is distinct from x::{sql}")
        assert wrong.fetchall() == []


SCALARS = st.sampled_from(
    [
        (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
        (pa.string(), st.text(st.characters(exclude_categories=["Cs"]))),
        (pa.bool_(), st.booleans()),
        (pa.binary(), st.binary()),
        (pa.float64(), st.floats()),
        (
            pa.decimal128(38, 9),
            st.integers(-(10**38) + 1, 10**38 - 1).map(lambda n: Decimal((n < 0, tuple(map(int, str(abs(n)))), -9))),
        ),
        (pa.dictionary(pa.int32(), pa.string()), st.sampled_from(["A", "B"])),
        (pa.null(), st.none()),
    ]
)


def nested(inner: Any) -> Any:
    def optional(values: Any) -> Any:
        return st.none() | values

    def struct(fields: list[Any]) -> Any:
        named = {f"f{number}": field for number, field in enumerate(fields)}
        arrow = pa.struct([(name, arrow) for name, (arrow, _) in named.items()])
        return arrow, st.fixed_dictionaries({name: optional(values) for name, (_, values) in named.items()})

    def mapped(item: Any) -> Any:
        keys = st.text("abc", max_size=3)
        return pa.map_(pa.string(), item[0]), st.dictionaries(keys, optional(item[1]), max_size=3).map(
            lambda entries: list(entries.items())
        )

    return st.one_of(
        inner.map(lambda item: (pa.list_(item[0]), st.lists(optional(item[1]), max_size=3))),
        st.lists(inner, min_size=1, max_size=3).map(struct),
        inner.map(mapped),
    )


def modelled(value: Any, arrow: Any) -> Any:
    """The value as JSON has it, said once more, one value after another."""
    if value is None:
        return None
    if pa.types.is_list(arrow):
        return [modelled(item, arrow.value_type) for item in value]
    if pa.types.is_map(arrow):
        return {key: modelled(item, arrow.item_type) for key, item in value}
    if pa.types.is_struct(arrow):
        return {field.name: modelled(value[field.name], field.type) for field in arrow}
    if isinstance(value, float):
        return value if abs(value) < float("inf") else repr(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.hex() if isinstance(value, bytes) else value


COLUMNS = 4


@settings(deadline=None, max_examples=12, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_in_a_file_is_in_the_answer_however_it_is_nested(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    kinds = data.draw(st.lists(st.recursive(SCALARS, nested, max_leaves=4), min_size=COLUMNS, max_size=COLUMNS))
    one_row = st.tuples(*(st.none() | values for _, values in kinds))
    rows = data.draw(st.lists(one_row, min_size=1, max_size=5))
    folder: Path = tmp_path_factory.mktemp("nested")
    columns: dict[str, Any] = {
        f"x{number}": pa.array([row[number] for row in rows], arrow) for number, (arrow, _) in enumerate(kinds)
    }
    ids, times = [str(number) for number in range(len(rows))], pa.array([TIME] * len(rows), pa.timestamp("us", "UTC"))
    parquet(folder, OLD, event_id=ids, event_time=times, **columns)
    warehouse = rested(folder)
    expected = [tuple(modelled(value, arrow) for value, (arrow, _) in zip(row, kinds, strict=True)) for row in rows]
    sql = f"select {', '.join(columns)} from ping where date = '2019-11-24' order by event_id"
    with warehouse.query(sql, Means()) as result:
        assert list(result.rows) == expected
    with warehouse.query(f"{sql.replace('order', 'and x0 is not null order')}", Means()) as result:
        assert list(result.rows) == [row for row in expected if row[0] is not None]
    assert [row[2 : 2 + COLUMNS] for row in warehouse.head("ping", 9).rows] == expected


def test_a_map_with_a_key_more_than_once_is_a_list_of_pairs() -> None:
    maps = pa.array([[("k", 1), ("k", 2)], [("k", 3)]], pa.map_(pa.string(), pa.int32()))
    assert plain(maps) == [[["k", 1], ["k", 2]], {"k": 3}]


def test_a_slice_has_its_own_values() -> None:
    types: list[tuple[list[Any], Any]] = [
        ([[1], None, [2, 3], [4]], pa.list_(pa.int32())),
        ([[1, 1], None, [2, 3], [4, 4]], pa.list_(pa.int32(), 2)),
        ([{"a": 1}, None, {"a": 2}, {"a": 3}], pa.struct([("a", pa.int32())])),
        ([["k"], None, ["k"], ["k"]], pa.list_(pa.dictionary(pa.int32(), pa.string()))),
        ([[("a", 1)], None, [("b", 2)], [("c", 3)]], pa.map_(pa.string(), pa.int32())),
    ]
    for rows, arrow in types:
        array = pa.array(rows, arrow)
        assert plain(array.slice(1, 2)) == plain(array)[1:3]


def test_times_of_day_outside_a_day_are_written_too() -> None:
    assert plain(pa.array([-1, 86_400_000], pa.int32()).view(pa.time32("ms"))) == ["-00:00:00.001000", "24:00:00"]


def test_rows_without_columns_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(Rows((), iter([])))
    assert capsys.readouterr().out == "[]\n"
