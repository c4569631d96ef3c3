"""SQL over datasets, and how rows are printed."""

import csv
import io
import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from pyarrow.fs import LocalFileSystem

from scenarios.commands import query
from scenarios.warehouse import QueryError, Result, Warehouse, dataset_of, file_of

TIME = datetime(2019, 11, 24, 23, 30, tzinfo=UTC)


def parquet(folder: Path, key: str, **columns: Any) -> None:
    path = folder / "bucket" / key
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table(columns), path)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    old = "parquet/event=ping/date=2019-11-24/hour=23/bucket=00/events.parquet"
    new = "parquet/event=ping/date=2019-11-25/hour=00/bucket=01/events.parquet"
    parquet(tmp_path, old, event_id=["a", "b"], event_time=pa.array([TIME] * 2, pa.timestamp("us", "UTC")))
    times = pa.array([TIME.replace(day=25, hour=0)], pa.timestamp("us", "UTC"))
    parquet(tmp_path, new, event_id=["c"], event_time=times, score=[1.5])
    files = [file for n, key in enumerate([old, new]) if (file := file_of(key, n)) is not None]
    dataset: ds.Dataset = dataset_of(files, str(tmp_path / "bucket"), LocalFileSystem())
    return Warehouse({"ping": dataset})


def test_partition_keys_are_columns_and_older_files_read_null_for_newer_columns(warehouse: Warehouse) -> None:
    result = warehouse.query("select event_id, date, hour, bucket, score from ping order by event_id")
    assert result == Result(
        ("event_id", "date", "hour", "bucket", "score"),
        [
            ("a", date(2019, 11, 24), 23, 0, None),
            ("b", date(2019, 11, 24), 23, 0, None),
            ("c", date(2019, 11, 25), 0, 1, 1.5),
        ],
    )


def test_a_condition_on_the_partition_reads_only_its_files(warehouse: Warehouse, tmp_path: Path) -> None:
    for damaged in tmp_path.glob("**/date=2019-11-24/**/*.parquet"):
        damaged.write_bytes(b"damaged")
    assert warehouse.query("select event_id from ping where date = '2019-11-25'").rows == [("c",)]


def test_times_are_utc_wherever_the_program_runs(warehouse: Warehouse) -> None:
    (row,) = warehouse.query("select event_time::varchar from ping where event_id = 'a'").rows
    assert row == ("2019-11-24 23:30:00+00",)


@pytest.mark.parametrize(
    ("sql", "said"),
    [("selec 1", "syntax error"), ("select nope from ping", "nope"), ("select * from pong", "pong")],
)
def test_a_mistake_in_the_sql_is_told_in_one_line(warehouse: Warehouse, sql: str, said: str) -> None:
    with pytest.raises(QueryError, match=said) as caught:
        warehouse.query(sql)
    assert "\n" not in str(caught.value)
    assert "LINE" not in str(caught.value)


def test_a_statement_without_rows_gives_none(warehouse: Warehouse) -> None:
    assert warehouse.query("") == Result((), [])
    assert warehouse.query("set threads = 1").rows == []


def test_head_gives_the_first_events_in_the_order_of_the_keys(warehouse: Warehouse) -> None:
    assert [row[0] for row in warehouse.head("ping", 2).rows] == ["a", "b"]
    assert len(warehouse.head("ping", 10).rows) == 3


def test_the_description_names_views_and_columns(warehouse: Warehouse) -> None:
    assert warehouse.describe() == "  ping (event_id, event_time, score, date, hour, bucket)"


def test_no_extension_is_loaded_over_the_network(warehouse: Warehouse) -> None:
    with pytest.raises(QueryError):
        warehouse.query("select * from 's3://bucket/x.parquet'")
    settings = "select value from duckdb_settings() where name like 'auto%extensions'"
    assert {row[0] for row in warehouse.query(settings).rows} == {"false"}


ODD = Result(
    ("when", "map", "bytes", "nan", "none", "markup"),
    [(TIME, {"k": "v"}, b"\x00\xff", float("nan"), None, "[red]x[/red]")],
)


def test_json_is_valid_whatever_the_values(capsys: pytest.CaptureFixture[str]) -> None:
    query.print_json(ODD)
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail) == [
        {
            "when": "2019-11-24T23:30:00+00:00",
            "map": {"k": "v"},
            "bytes": "00ff",
            "nan": "nan",
            "none": None,
            "markup": "[red]x[/red]",
        }
    ]


def test_csv_has_a_header_and_quotes_what_needs_it(capsys: pytest.CaptureFixture[str]) -> None:
    query.print_csv(ODD)
    header, row = csv.reader(io.StringIO(capsys.readouterr().out))
    assert header == list(ODD.columns)
    assert row == ["2019-11-24T23:30:00+00:00", '{"k": "v"}', "00ff", "nan", "", "[red]x[/red]"]


def test_a_table_shows_text_as_it_is_and_cuts_long_cells(capsys: pytest.CaptureFixture[str]) -> None:
    query.print_table(ODD)
    query.print_table(Result(("long",), [("y" * 500,)] * 2))
    out = capsys.readouterr().out
    assert "[red]x[/red]" in out
    assert "NULL" in out
    assert "y" * 59 + "…" in out
    assert "1 row\n" in out
    assert "2 rows\n" in out


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, scenarios.cli; print([m for m in ('duckdb', 'pyarrow', 'boto3') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
