"""A dumper reads a table of any size in batches, and no longer than it may."""

import json
import sqlite3
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from wavetank.pipeline.aws import database
from wavetank.pipeline.aws.database import BATCH_ROWS, CHECKED_EVERY, reading
from wavetank.pipeline.core.dump import Reason, Refused
from wavetank.pipeline.reference.source import Limits, Source
from wavetank.pipeline.reference.table import Column, ColumnType, Kind, Table

ROWS = 2 * BATCH_ROWS + 1
ENDLESS = f"""
WITH RECURSIVE numbers(number) AS (
    SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < {1000 * CHECKED_EVERY}
)
SELECT max(number) AS number FROM numbers
"""


@pytest.fixture(autouse=True)
def _secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite3.connect(tmp_path / "database") as connection:
        connection.execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")
        connection.executemany("INSERT INTO numbers VALUES (?)", ((number,) for number in range(ROWS)))
    connection.close()
    secret = {"engine": "sqlite", "dbname": str(tmp_path / "database")}
    answer = {"SecretString": json.dumps(secret), "VersionId": "1"}
    client = SimpleNamespace(get_secret_value=lambda **_: answer)
    monkeypatch.setattr(database, "secrets", lambda: client)


def source(relation: str | None = None, query: str | None = None) -> Source:
    table = Table((Column("number", ColumnType(Kind.INT)),), ("number",))
    limits = Limits(rows=10 * ROWS, bytes=1 << 30, statement_s=1, shrink_percent=0)
    return Source("numbers", table, relation, query, every_s=60, limits=limits)


def test_every_row_of_a_table_of_several_batches_is_read() -> None:
    with reading("numbers") as reader, reader.rows(source(relation="numbers")) as rows:
        assert sorted(row[0] for row in rows) == list(range(ROWS))


def test_a_statement_that_takes_too_long_is_ended_before_it_gives_a_row() -> None:
    began = time.monotonic()
    with reading("numbers") as reader, pytest.raises(Refused) as refused, reader.rows(source(query=ENDLESS)) as rows:
        list(rows)
    assert refused.value.reason is Reason.STATEMENT
    assert time.monotonic() - began < 60
