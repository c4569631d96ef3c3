"""SQL over datasets, and how rows are printed."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.fs import LocalFileSystem

from wavetank.scenarios.client import parquet_files
from wavetank.scenarios.client.parquet_files import UnreadableError, table_of
from wavetank.scenarios.client.sql import Means, QueryError, Rows
from wavetank.scenarios.client.warehouse import Warehouse
from wavetank.scenarios.commands.query import print_csv, print_json, print_table

TIME = datetime(2019, 11, 24, 23, 30, tzinfo=UTC)


def parquet(folder: Path, key: str, **columns: Any) -> None:
    path = folder / "bucket" / key
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table(columns), path)


OLD = "parquet/event=ping/date=2019-11-24/hour=23/bucket=00/events.parquet"
NEW = "parquet/event=ping/date=2019-11-25/hour=00/bucket=01/events.parquet"
OTHER = "parquet/event=pong/date=2019-11-25/hour=00/bucket=01/events.parquet"


def rested(folder: Path, *, strict: bool = False) -> Warehouse:
    """What is at rest in a folder that stands for the bucket; objects that are younger are later in the alphabet."""
    bucket = folder / "bucket"
    keys = sorted(str(path.relative_to(bucket)) for path in bucket.rglob("*") if path.is_file())
    warehouse = Warehouse(strict=strict)
    files = warehouse.sorted_out({key: number for number, key in enumerate(keys)})
    tables = {event: table_of(some, str(bucket), LocalFileSystem(), warehouse.skip) for event, some in files.items()}
    warehouse.tables = {event: table for event, table in tables.items() if table is not None}
    return warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    parquet(tmp_path, OLD, event_id=["a", "b"], event_time=pa.array([TIME] * 2, pa.timestamp("us", "UTC")))
    times = pa.array([TIME.replace(day=25, hour=0)], pa.timestamp("us", "UTC"))
    parquet(tmp_path, NEW, event_id=["c"], event_time=times, score=[1.5])
    return rested(tmp_path)


def asked(warehouse: Warehouse, sql: str, **means: Any) -> list[tuple[Any, ...]]:
    with warehouse.query(sql, Means(**means)) as result:
        return list(result.rows)


def test_partition_keys_are_columns_and_older_files_read_null_for_newer_columns(warehouse: Warehouse) -> None:
    with warehouse.query("select event_id, date, hour, bucket, score from ping order by event_id") as result:
        assert result.columns == ("event_id", "date", "hour", "bucket", "score")
        assert list(result.rows) == [
            ("a", "2019-11-24", 23, 0, None),
            ("b", "2019-11-24", 23, 0, None),
            ("c", "2019-11-25", 0, 1, 1.5),
        ]


def test_a_condition_on_the_partition_reads_only_its_files(warehouse: Warehouse, tmp_path: Path) -> None:
    for damaged in tmp_path.glob("**/date=2019-11-24/**/*.parquet"):
        damaged.write_bytes(b"damaged")
    assert asked(warehouse, "select event_id from ping where date = '2019-11-25'") == [("c",)]
    assert warehouse.skipped == {}


def test_times_are_utc_wherever_the_program_runs(warehouse: Warehouse) -> None:
    (row,) = asked(warehouse, "select event_time::varchar from ping where event_id = 'a'")
    assert row == ("2019-11-24 23:30:00+00",)


@pytest.mark.parametrize(
    ("sql", "said"),
    [("selec 1", "syntax error"), ("select nope from ping", "nope"), ("select * from pong", "pong")],
)
def test_a_mistake_in_the_sql_is_told_in_one_line(warehouse: Warehouse, sql: str, said: str) -> None:
    with pytest.raises(QueryError, match=said) as caught:
        asked(warehouse, sql)
    assert "\n" not in str(caught.value)
    assert "LINE" not in str(caught.value)


def test_a_statement_without_rows_gives_none(warehouse: Warehouse) -> None:
    assert asked(warehouse, "set threads = 1", unsafe=True) == []


def test_head_gives_the_first_events_in_the_order_of_the_keys(warehouse: Warehouse) -> None:
    assert [row[0] for row in warehouse.head("ping", 2).rows] == ["a", "b"]
    assert len(list(warehouse.head("ping", 10).rows)) == 3


def test_the_description_names_views_and_columns(warehouse: Warehouse) -> None:
    assert warehouse.describe() == "  ping (event_id, event_time, score, date, hour, bucket)"


def test_a_setting_of_a_query_is_what_was_asked_for(warehouse: Warehouse) -> None:
    settings = (
        "select value from duckdb_settings() where name in ('memory_limit', 'max_temp_directory_size') order by name"
    )
    assert [row[0] for row in asked(warehouse, settings, memory="512MiB", disk="1GiB")] == ["1.0 GiB", "512.0 MiB"]


def test_no_bar_of_progress_comes_between_the_rows(warehouse: Warehouse) -> None:
    assert asked(warehouse, "select current_setting('enable_progress_bar')") == [(False,)]


def test_a_size_that_is_none_is_told(warehouse: Warehouse) -> None:
    with pytest.raises(QueryError, match="--memory much"):
        asked(warehouse, "select 1", memory="much")


OUTSIDE = [
    "select * from '{there}'",
    "select * from 's3://bucket/x.parquet'",
    "select * from read_csv('{there}')",
    "select * from read_text('{there}')",
    "select * from read_blob('{there}')",
    "select * from read_json('{there}')",
    "select * from read_parquet('{there}')",
    "select * from sniff_csv('{there}')",
    "select * from glob('{folder}/*')",
    "copy ping to '{folder}/out.csv'",
    "copy (select 1) to '{folder}/out.parquet'",
    "create table t (x varchar); copy t from '{there}'",
    "attach '{folder}/out.db' as other",
    "export database '{folder}/out'",
    "import database '{folder}'",
    "install httpfs",
    "load httpfs",
    "load '{there}'",
    "set enable_external_access = true",
    "set memory_limit = '100GB'",
    "set temp_directory = '{folder}'",
    "set lock_configuration = false",
    "reset timezone",
    "pragma enable_profiling",
    "set profiling_output = '{folder}/out'",
    "create persistent secret s (type s3, key_id 'x')",
    "select * from read_parquet('s3://bucket/x.parquet')",
    "select 1; copy ping to '{folder}/out.csv'",
]


@pytest.mark.parametrize("sql", OUTSIDE)
def test_a_query_reaches_nothing_but_its_views(warehouse: Warehouse, tmp_path: Path, sql: str) -> None:
    there = tmp_path / "there.csv"
    there.write_text("secret\n")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    with pytest.raises(QueryError, match="--unsafe"):
        asked(warehouse, sql.format(there=there, folder=tmp_path))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_the_environment_is_no_function(warehouse: Warehouse) -> None:
    with pytest.raises(QueryError, match="getenv does not exist"):
        asked(warehouse, "select getenv('HOME')")


def test_no_variable_of_this_program_is_a_table(warehouse: Warehouse) -> None:
    local = pa.table({"secret": [1]})
    for means in ({}, {"unsafe": True}):
        with pytest.raises(QueryError, match="local does not exist"):
            asked(warehouse, "select * from local", **means)
    assert local.num_rows == 1


def test_what_is_unsafe_may_be_done_where_it_is_asked_for(warehouse: Warehouse, tmp_path: Path) -> None:
    asked(warehouse, f"copy ping to '{tmp_path}/out.csv'", unsafe=True)
    assert asked(warehouse, f"select count(*) from read_csv('{tmp_path}/out.csv')", unsafe=True) == [(3,)]


SORTED = "select md5(i::varchar) as t from range(1_000_000) r(i) order by t"


def test_rows_come_while_a_query_runs(warehouse: Warehouse) -> None:
    with warehouse.query("select i from range(1_000_000_000_000) r(i)") as result:
        assert list(islice(result.rows, 3)) == [(0,), (1,), (2,)]


def test_a_query_over_more_than_its_memory_uses_disk(warehouse: Warehouse) -> None:
    with warehouse.query(SORTED, Means(memory="50MB", disk="2GB")) as result:
        some = list(islice(result.rows, 10_000))
    assert some == sorted(some)


def test_a_query_over_more_than_there_is_ends_with_a_sentence(warehouse: Warehouse) -> None:
    with pytest.raises(QueryError, match=r"^needs more than the 40MB of memory and the 8GB [^\n]*--memory[^\n]*$"):
        asked(warehouse, "select list(i) from range(100_000_000) r(i)", memory="40MB")


def good(folder: Path, key: str) -> None:
    parquet(folder, key, event_id=["a"], event_time=pa.array([TIME], pa.timestamp("us", "UTC")))


def truncated(folder: Path, key: str) -> None:
    good(folder, key)
    path = folder / "bucket" / key
    path.write_bytes(path.read_bytes()[:-30])


def damaged_within(folder: Path, key: str) -> None:
    times = pa.array([TIME] * 1000, pa.timestamp("us", "UTC"))
    parquet(folder, key, event_id=[f"{number:x}" * 8 for number in range(1000)], event_time=times)
    path = folder / "bucket" / key
    data = path.read_bytes()
    path.write_bytes(data[:100] + bytes(1000) + data[1100:])


def junk(folder: Path, key: str) -> None:
    path = folder / "bucket" / key
    path.parent.mkdir(parents=True)
    path.write_bytes(b"junk")


def nothing(folder: Path, key: str) -> None:
    junk(folder, key)
    (folder / "bucket" / key).write_bytes(b"")


BAD: dict[str, tuple[str, Callable[[Path, str], None]]] = {
    "a day that there is not": ("parquet/event=ping/date=2025-13-45/hour=00/bucket=00/events.parquet", good),
    "an hour that there is not": ("parquet/event=ping/date=2025-01-01/hour=24/bucket=00/events.parquet", good),
    "no event type": ("parquet/event=\x1b[31m/date=2025-01-01/hour=00/bucket=00/events.parquet", good),
    "junk, the newest": ("parquet/event=ping/date=2025-01-01/hour=00/bucket=00/events.parquet", junk),
    "junk, the oldest": ("parquet/event=ping/date=2001-01-01/hour=00/bucket=00/events.parquet", junk),
    "nothing": ("parquet/event=ping/date=2001-01-01/hour=00/bucket=00/events.parquet", nothing),
    "no footer": ("parquet/event=ping/date=2001-01-01/hour=00/bucket=00/events.parquet", truncated),
    "damaged pages": ("parquet/event=ping/date=2001-01-01/hour=00/bucket=00/events.parquet", damaged_within),
    "columns of something else": (
        "parquet/event=ping/date=2025-01-01/hour=00/bucket=00/events.parquet",
        lambda folder, key: parquet(folder, key, name=["x"]),
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_object_is_left_out_and_named(warehouse: Warehouse, tmp_path: Path, kind: str) -> None:
    key, make = BAD[kind]
    make(tmp_path, key)
    good(tmp_path, OTHER)
    found = rested(tmp_path)
    assert sorted(asked(found, "select event_id, score from ping")) == [("a", None), ("b", None), ("c", 1.5)]
    assert list(found.skipped) == [key]
    assert [row[0] for row in found.head("ping", 9).rows] == ["a", "b", "c"]
    assert asked(found, "select event_id from pong") == [("a",)]


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_object_fails_what_is_strict(warehouse: Warehouse, tmp_path: Path, kind: str) -> None:
    key, make = BAD[kind]
    make(tmp_path, key)
    with pytest.raises((QueryError, UnreadableError)) as caught:
        asked(rested(tmp_path, strict=True), "select * from ping")
    assert key in str(caught.value)


def test_an_event_type_whose_objects_are_all_bad_is_no_view(tmp_path: Path) -> None:
    good(tmp_path, OLD)
    junk(tmp_path, OTHER)
    found = rested(tmp_path)
    assert list(found.tables) == ["ping"]
    assert list(found.skipped) == [OTHER]


def test_a_damaged_file_that_is_too_large_to_hold_is_never_in_the_result_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_files, "WHOLE_BYTES", 0)
    columns = {"event_id": ["x" * 50] * 50_000, "event_time": pa.array([TIME] * 50_000, pa.timestamp("us", "UTC"))}
    path = tmp_path / "bucket" / OLD
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table(columns), path, row_group_size=1000, use_dictionary=False)
    data = bytearray(path.read_bytes())
    middle = pq.ParquetFile(path).metadata.row_group(49).column(0).data_page_offset
    data[middle : middle + 200] = bytes(200)
    path.write_bytes(bytes(data))
    found = rested(tmp_path)
    try:
        rows, said = asked(found, "select event_id from ping"), ", ".join(found.skipped)
    except QueryError as error:
        rows, said = [], str(error)
    assert rows == []
    assert OLD in said


def test_a_column_of_a_view_may_be_asked_for_more_than_once(warehouse: Warehouse) -> None:
    sql = "select count(*) from ping x join ping y using (event_id) where x.hour = 23 and y.date is not null"
    assert asked(warehouse, sql) == [(2,)]


NOT_ONE_QUESTION = {
    "": "nothing is asked",
    "-- a remark": "nothing is asked",
    "select 1; select 2": "last statement alone",
    "select * from click-through": 'put in double quotes: "click-through"',
}


@pytest.mark.parametrize("sql", NOT_ONE_QUESTION)
def test_what_is_not_one_question_is_told_with_the_way_out(tmp_path: Path, sql: str) -> None:
    good(tmp_path, OTHER.replace("pong", "click-through"))
    with pytest.raises(QueryError, match=NOT_ONE_QUESTION[sql]):
        asked(rested(tmp_path), sql)


def test_statements_before_the_question_may_prepare_it(warehouse: Warehouse) -> None:
    sql = "create temp table t as select * from ping; create index i on t (event_id); select count(*) from t"
    assert asked(warehouse, sql) == [(3,)]


def test_columns_of_a_result_have_names_of_their_own(warehouse: Warehouse, capsys: pytest.CaptureFixture[str]) -> None:
    with warehouse.query("select 1 as a, 2 as a, 3 as A, 4 as a_1") as result:
        print_json(result)
    assert json.loads(capsys.readouterr().out) == [{"a": 1, "a_1": 2, "A_2": 3, "a_1_1": 4}]


def odd() -> Rows:
    columns = ("when", "map", "whole", "nan", "none", "markup")
    values = ("2019-11-24T23:30:00+00:00", {"k": "v"}, 2**127 - 1, "nan", None, "[red]x[/red] :warning:")
    return Rows(columns, iter([values]))


def test_json_is_valid_whatever_the_values(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(odd())
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail) == [
        {
            "when": "2019-11-24T23:30:00+00:00",
            "map": {"k": "v"},
            "whole": 2**127 - 1,
            "nan": "nan",
            "none": None,
            "markup": "[red]x[/red] :warning:",
        }
    ]


def test_json_of_several_rows_and_of_none_is_an_array(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(Rows(("n",), iter([(1,), (2,), (3,)])), 2)
    print_json(Rows(("n",), iter([])))
    several, _, none = capsys.readouterr().out.rpartition("]\n[")
    assert json.loads(f"{several}]") == [{"n": 1}, {"n": 2}]
    assert none == "]\n"


def test_csv_has_a_header_and_quotes_what_needs_it(capsys: pytest.CaptureFixture[str]) -> None:
    print_csv(odd())
    header, row = csv.reader(io.StringIO(capsys.readouterr().out))
    assert header == list(odd().columns)
    assert row == ["2019-11-24T23:30:00+00:00", '{"k": "v"}', str(2**127 - 1), "nan", "", "[red]x[/red] :warning:"]


def test_a_table_shows_text_as_it_is_and_cuts_long_cells(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(odd())
    print_table(Rows(("long",), iter([("y" * 500,)] * 2)))
    out = capsys.readouterr().out
    assert "[red]x[/red] :warning:" in out
    assert "NULL" in out
    assert "y" * 59 + "…" in out
    assert "1 row\n" in out
    assert "2 rows\n" in out


def test_a_table_has_the_first_rows_and_tells_that_there_are_more(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(Rows(("n",), ((number,) for number in count())))
    assert "the first 1,000 rows; there are more: --limit N shows N" in capsys.readouterr().out
    print_table(Rows(("n",), ((number,) for number in count())), 7)
    assert capsys.readouterr().out.endswith("\n7 rows\n")
    print_table(Rows(("n",), iter([(number,) for number in range(1000)])))
    assert capsys.readouterr().out.endswith("\n1,000 rows\n")


@pytest.mark.parametrize("show", [print_json, print_csv])
def test_rows_are_printed_as_they_come(show: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    def rows() -> Iterator[tuple[int]]:
        yield (1,)
        assert "1" in capsys.readouterr().out
        yield (2,)

    show(Rows(("n",), rows()))
    assert "2" in capsys.readouterr().out


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, wavetank.scenarios.cli; print([m for m in ('duckdb', 'pyarrow', 'boto3') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
