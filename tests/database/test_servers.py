"""The databases that drills start keep what `scenarios.site.database.server` promises, whatever their engine."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.waiting import until
from wavetank.scenarios.site.database.server import READER, DatabaseServer, Engine, SeededTable

CAMPAIGNS = SeededTable(
    "campaigns",
    {"campaign": "VARCHAR(64)", "budget": "DECIMAL(12, 2)"},
    [("men", "10.50"), ("women", "20.00")],
)


@pytest.fixture(autouse=True)
def campaigns(database: DatabaseServer) -> None:
    database.execute("DROP TABLE IF EXISTS campaigns")
    database.create(CAMPAIGNS)


PATIENCE_S = 60


def as_reader(server: DatabaseServer, lock_s: int = PATIENCE_S) -> Any:
    """A connection as the secret says, which waits for a lock for so many seconds."""
    secret = server.secret()
    if server.engine is Engine.SQLITE:
        import sqlite3

        return sqlite3.connect(secret["dbname"], timeout=0)
    names: dict[str, Any] = {
        "host": secret["host"],
        "port": secret["port"],
        "user": secret["username"],
        "password": secret["password"],
    }
    if server.engine is Engine.POSTGRESQL:
        import psycopg

        return psycopg.connect(**names, dbname=secret["dbname"], options=f"-c lock_timeout={lock_s * 1000}")
    import pymysql

    return pymysql.connect(
        **names,
        database=secret["dbname"],
        init_command=f"SET lock_wait_timeout = {lock_s}",
    )


def read(server: DatabaseServer, lock_s: int = PATIENCE_S) -> set[str]:
    with closing(as_reader(server, lock_s)) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT campaign FROM campaigns")
        return {row[0] for row in cursor.fetchall()}


def test_the_reader_sees_what_was_committed_and_nothing_else(database: DatabaseServer) -> None:
    with database.session() as session:
        if database.sees_connections:
            session.execute("INSERT INTO campaigns VALUES ('all', 1)")
            assert read(database) == {"men", "women"}
    database.execute("INSERT INTO campaigns VALUES ('late', 1)", "DELETE FROM campaigns WHERE campaign = 'men'")
    assert read(database) == {"women", "late"}
    assert database.rows("SELECT count(*) FROM campaigns") == [(2,)]


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM campaigns", "UPDATE campaigns SET budget = 0", "DROP TABLE campaigns", "CREATE TABLE t (n INT)"],
)
def test_the_reader_can_change_nothing(server: DatabaseServer, statement: str) -> None:
    with closing(as_reader(server)) as connection, pytest.raises(Exception, match=r"denied|must be owner"):
        connection.cursor().execute(statement)
    assert read(server) == {"men", "women"}


def test_nobody_can_read_a_table_that_is_locked(database: DatabaseServer) -> None:
    with database.locked("campaigns"), pytest.raises(Exception, match=r"(?i)lock"):
        read(database, lock_s=1)
    assert read(database) == {"men", "women"}


def test_a_reader_that_waits_for_a_lock_is_seen_to(server: DatabaseServer) -> None:
    assert server.waiting() == 0
    with ThreadPoolExecutor(1) as pool:
        with server.locked("campaigns"):
            reading = pool.submit(read, server)
            assert until(lambda: server.waiting() == 1)
        assert reading.result() == {"men", "women"}


def test_after_a_power_cut_there_is_what_was_committed(database: DatabaseServer) -> None:
    database.execute("INSERT INTO campaigns VALUES ('all', 1)")
    database.stop()
    with pytest.raises(Exception, match=r"(?i)refused|can't connect|unable|no such table"):
        read(database)
    database.start()
    assert read(database) == {"men", "women", "all"}


def test_after_a_rotation_the_password_before_is_refused(server: DatabaseServer) -> None:
    before = server.secret()
    server.rotate()
    assert before["password"] != server.secret()["password"]
    assert read(server) == {"men", "women"}
    since = len(server.moments())
    server.secret, after = lambda: before, server.secret  # type: ignore[method-assign]
    try:
        with pytest.raises(Exception, match=r"(?i)denied|password"):
            read(server)
    finally:
        server.secret = after  # type: ignore[method-assign]
    assert until(lambda: server.connections(since=since).refused == 1)
    assert server.connections(since=since).opened == 0


def test_a_server_tells_of_every_connection_over_the_network(server: DatabaseServer) -> None:
    since = len(server.moments())
    server.rows("SELECT 1")
    assert server.connections(since=since).opened == 0
    read(server)
    read(server)
    with closing(as_reader(server)), closing(as_reader(server)):
        pass
    assert until(lambda: len(server.moments()) == since + 8)
    seen = server.connections(READER, since)
    assert (seen.opened, seen.most_at_once, seen.refused) == (4, 2, 0)
    assert server.connections("somebody", since).opened == 0


def test_a_client_that_dies_has_closed_its_connection(server: DatabaseServer) -> None:
    since = len(server.moments())
    pid = os.fork()
    if not pid:
        kept = as_reader(server)
        os._exit(0 if kept else 1)
    os.waitpid(pid, 0)
    assert until(lambda: [moment.what for moment in server.moments()[since:]] == ["opened", "closed"])


OWNER = """\
import sys, time
from wavetank.scenarios.site.database import choice
from wavetank.scenarios.site.database.server import Engine
with choice.running(Engine(sys.argv[1])) as server:
    print(server._folder, flush=True)
    time.sleep(600)
"""


def test_nothing_is_left_of_a_server_whose_owner_was_killed(server: DatabaseServer) -> None:
    command = [sys.executable, "-c", OWNER, str(server.engine)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        folder = Path(owner.stdout.readline().strip())
        processes = [each for each in psutil.process_iter() if str(folder) in " ".join(_command(each))]
        assert folder.is_dir()
        assert len(processes) >= 2
        owner.send_signal(signal.SIGKILL)
    assert until(lambda: not folder.exists() and not any(each.is_running() for each in processes))


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_a_server_does_not_run_as_root(server: DatabaseServer) -> None:
    folder = str(server._folder)  # type: ignore[attr-defined]
    running = [each for each in psutil.process_iter() if folder in " ".join(_command(each))]
    assert running
    assert all(each.uids().effective != 0 for each in running)
