"""A dumper reads a database by one connection, which sees one moment of it, only reads, and gives up in time."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from wavetank.pipeline.aws import database as reading_module
from wavetank.pipeline.aws.database import Reader, reading
from wavetank.pipeline.core.dump import Count, Reason, Refused, typed
from wavetank.pipeline.errors import ServiceFault
from wavetank.pipeline.reference.source import Limits, Source
from wavetank.pipeline.reference.table import Column, ColumnType, Table, Value
from wavetank.scenarios.site.database.server import READER, DatabaseServer, Engine, SeededTable

LIMITS = Limits(rows=100, bytes=1_000_000, statement_s=20, shrink_percent=50)
DAY, TIME = date(2024, 2, 29), datetime(2026, 1, 1, 12, 30, 15, tzinfo=UTC)
TYPES = {
    "name": "varchar(20)",
    "number": "bigint",
    "price": "decimal(12, 2)",
    "day": "date",
    "at": "timestamp",
    "flag": "boolean",
    "share": "double precision",
}
COLUMNS = {
    "name": "string",
    "number": "int",
    "price": "decimal(12, 2)",
    "day": "date",
    "at": "timestamp",
    "flag": "boolean",
    "share": "float",
}
ROWS = [("Ä'b", 1 << 40, Decimal("12.50"), DAY.isoformat(), "2026-01-01 12:30:15", True, 0.5), ("b", *[None] * 6)]


class Secrets:
    """Secrets Manager with the secret of a server; `versions`: what it answers, the last again and again."""

    def __init__(self, *versions: dict[str, Any]) -> None:
        self.versions = list(versions)
        self.asked = 0

    def get_secret_value(self, SecretId: str) -> dict[str, Any]:  # noqa: N803
        """The next version."""
        number = min(self.asked, len(self.versions) - 1)
        self.asked += 1
        return {"VersionId": str(number), "SecretString": json.dumps(self.versions[number])}


def source(columns: dict[str, str], query: str | None = None, **limits: int) -> Source:
    """A source with these columns, the first of which is the key."""
    table = Table(tuple(Column(name, ColumnType.parse(text)) for name, text in columns.items()), (next(iter(columns)),))
    bounds = {name: getattr(LIMITS, name) for name in Limits.__dataclass_fields__} | limits
    return Source("things", table, None if query else "things", query, 120, Limits(**bounds))


@pytest.fixture
def things(database: DatabaseServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[DatabaseServer]:
    """A database with one table, which the secret leads to."""
    monkeypatch.setattr(reading_module, "secrets", lambda: Secrets(database.secret()))
    rows = [[str(each) if isinstance(each, Decimal) else each for each in row] for row in ROWS]
    database.create(SeededTable("things", TYPES, rows))
    yield database
    database.execute("DROP TABLE things")


def read(reader: Reader, of: Source) -> list[list[Value]]:
    """The rows of a source."""
    with reader.rows(of) as rows:
        return list(typed(of, rows, Count(), reader.lenient))


@pytest.mark.parametrize("query", [None, "SELECT share, at, flag, day, 'x%' AS more, price, number, name FROM things"])
def test_values_have_the_types_of_the_database(things: DatabaseServer, query: str | None) -> None:
    with reading("ads") as reader:
        rows = read(reader, source(COLUMNS, query))
    days, us = (DAY - date(1970, 1, 1)).days, int(TIME.timestamp()) * 1_000_000
    assert sorted(rows, key=str) == sorted(
        [["Ä'b", 1 << 40, Decimal("12.50"), days, us, True, 0.5], ["b", *[None] * 6]], key=str
    )


def test_all_sources_see_one_moment_whatever_is_committed_meanwhile(things: DatabaseServer) -> None:
    if things.engine is Engine.SQLITE:
        pytest.skip("a file that is read cannot be written")
    few = source({"name": "string"})
    with reading("ads") as reader:
        before = read(reader, few)
        things.execute("INSERT INTO things (name) VALUES ('c')")
        assert read(reader, few) == before
    with reading("ads") as reader:
        assert len(read(reader, few)) == len(before) + 1


def test_nothing_can_be_written(things: DatabaseServer) -> None:
    with reading("ads") as reader, pytest.raises(Refused):
        read(reader, source({"name": "string"}, "DELETE FROM things"))
    assert len(things.rows("SELECT name FROM things")) == len(ROWS)


def test_a_refused_statement_leaves_the_next_one_alone(things: DatabaseServer) -> None:
    with reading("ads") as reader:
        with pytest.raises(Refused, match="gone") as refusal:
            read(reader, source({"name": "string", "gone": "int"}))
        assert refusal.value.reason is Reason.STATEMENT
        with pytest.raises(Refused, match="column number is string and has int"):
            read(reader, source({"name": "string", "number": "string"}))
        with pytest.raises(Refused, match="gives no column price"):
            read(reader, source({"name": "string", "price": "int"}, "SELECT name FROM things"))
        with pytest.raises(Refused, match="more than 1 rows"):
            read(reader, source({"name": "string"}, rows=1))
        assert len(read(reader, source({"name": "string"}))) == len(ROWS)


def test_a_statement_that_waits_for_too_long_is_given_up(things: DatabaseServer) -> None:
    if things.engine is Engine.SQLITE:
        pytest.skip("SQLite has no locks of tables")
    sleeping = {Engine.MARIADB: "sleep(5)", Engine.POSTGRESQL: "pg_sleep(5)"}[things.engine]
    with reading("ads") as reader:
        with pytest.raises(Refused) as refusal:
            read(reader, source({"name": "string"}, f"SELECT name, {sleeping} AS slept FROM things", statement_s=1))
        assert refusal.value.reason is Reason.STATEMENT
        assert len(read(reader, source({"name": "string"}))) == len(ROWS)


def test_a_query_that_takes_too_long_is_given_up_by_a_file_as_well(things: DatabaseServer) -> None:
    if things.engine is not Engine.SQLITE:
        pytest.skip("servers have a test of their own")
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS name FROM n"
    with reading("ads") as reader, pytest.raises(Refused, match="interrupted"):
        read(reader, source({"name": "string"}, endless, statement_s=1))


def test_a_secret_that_was_rotated_between_reading_and_connecting_is_read_once_more(
    things: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not things.sees_connections:
        pytest.skip(f"{things.engine} has no passwords")
    stale = things.secret() | {"password": "it was another one"}
    kept = Secrets(stale, things.secret())
    monkeypatch.setattr(reading_module, "secrets", lambda: kept)
    since = len(things.moments())
    with reading("ads") as reader:
        assert len(read(reader, source({"name": "string"}))) == len(ROWS)
    assert kept.asked == 2
    assert things.connections(READER, since).most_at_once == 1
    kept = Secrets(stale)
    with pytest.raises(ServiceFault) as fault, reading("ads"):
        pass
    assert kept.asked == 2
    assert "it was another one" not in str(fault.value)


def test_a_database_that_is_down_is_a_fault_of_a_service(
    things: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = things.secret() | {"port": 1, "dbname": "/nowhere/at.all"}
    monkeypatch.setattr(reading_module, "secrets", lambda: Secrets(gone))
    with pytest.raises(ServiceFault, match="cannot connect"), reading("ads"):
        pass
