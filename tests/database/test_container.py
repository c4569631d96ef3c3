"""What the image of `compose --profile database` runs, without the image: the seed, and the start of the server."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import until
from wavetank.scenarios.site.database import mariadb
from wavetank.scenarios.site.database.process import free_port, own_folder, user_of
from wavetank.scenarios.site.database.server import READER

pytestmark = pytest.mark.skipif(bool(mariadb.obstacle()), reason=mariadb.obstacle())
CONTAINER = Path(mariadb.__file__).parent / "container"
STARTS_WITHIN_S = 60


@pytest.fixture
def campaigns(root: Path) -> dict[str, Any]:
    return dict(json.loads((root / "schemas/reference/campaigns.json").read_text())["rows"])


@contextmanager
def started(folder: Path, seed: Path, password: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        "PATH": mariadb.PATH + ":/bin",
        "SEED": str(seed),
        "SOCKET": str(folder / "socket"),
        "TMPDIR": str(folder),
        "WAVETANK_DATABASE_PASSWORD": password,
    }
    command = ["sh", str(CONTAINER / "start"), str(folder / "data"), "--bind-address=127.0.0.1", f"--port={port}"]
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=log, stderr=log, **user_of(mariadb.ACCOUNT)
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def rows(port: int, password: str) -> dict[str, dict[str, str]] | None:
    """The campaigns as the account of the dumper sees them; None where it is not let in."""
    import pymysql
    from pymysql.cursors import DictCursor

    try:
        connection = pymysql.connect(
            host="127.0.0.1", port=port, user=READER, password=password, database="ads", charset="utf8mb4"
        )
    except pymysql.err.OperationalError:
        return None
    with closing(connection):
        cursor = connection.cursor(DictCursor)
        cursor.execute("SELECT * FROM campaigns")
        return {row.pop("campaign"): row for row in cursor.fetchall()}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of the server's user, outside of those that only the test's can enter."""
    path = own_folder("container", mariadb.ACCOUNT)
    yield path
    shutil.rmtree(path)


def seed_of(rows: dict[str, Any], folder: Path) -> Path:
    command = [sys.executable, "-I", str(CONTAINER / "seed.py"), "campaigns", "campaign"]
    done = subprocess.run(command, input=json.dumps({"rows": rows}).encode(), capture_output=True, check=True)
    path = folder / "seed.sql"
    path.write_bytes(done.stdout)
    path.chmod(0o644)
    return path


def test_the_database_has_the_campaigns_and_keeps_what_is_changed(campaigns: dict[str, Any], folder: Path) -> None:
    port = free_port()
    odd = {"it's \\ `odd`; --\n": {"advertiser": "日本 'x'", "vertical": None}}
    seed = seed_of(campaigns | odd, folder)
    with started(folder, seed, "first", port):
        assert until(lambda: rows(port, "first") is not None, STARTS_WITHIN_S), (folder / "log").read_text()
        assert rows(port, "first") == campaigns | odd
        assert rows(port, "other") is None
    renewed = seed_of(
        {**campaigns, "men": {"advertiser": "Another", "vertical": "x"}, "more": odd.popitem()[1]}, folder
    )
    with started(folder, renewed, "second", port):
        assert until(lambda: rows(port, "second") is not None, STARTS_WITHIN_S), (folder / "log").read_text()
        found = rows(port, "second") or {}
        assert rows(port, "first") is None
        assert found["men"] == campaigns["men"]
        assert "more" in found


def test_the_database_does_not_start_without_a_password_that_can_be_quoted(tmp_path: Path) -> None:
    for password in ("", "x' OR '"):
        command = ["sh", str(CONTAINER / "start"), str(tmp_path / "data")]
        environment = {"PATH": "/usr/bin:/bin", "WAVETANK_DATABASE_PASSWORD": password}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "WAVETANK_DATABASE_PASSWORD" in done.stderr
        assert list(tmp_path.iterdir()) == []
