"""SQLite: a file, for a machine without a database server. It has no accounts, and tells of no connection."""

import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from wavetank.scenarios.site.database.connections import Moment
from wavetank.scenarios.site.database.server import DatabaseServer, Engine, Session

AWAY = ".away"


def obstacle() -> str:
    """Nothing: Python has it."""
    return ""


class SQLite(DatabaseServer):
    """A file. It is stopped by being moved away: a reader finds nothing there."""

    engine: ClassVar[Engine] = Engine.SQLITE
    mark: ClassVar[str] = "?"
    sees_connections: ClassVar[bool] = False

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="wavetank-sqlite-"))
        self._file = self._folder / "database"
        self.execute("PRAGMA journal_mode = DELETE")

    def secret(self) -> dict[str, Any]:
        return {"engine": str(self.engine), "dbname": str(self._file)}

    def session(self) -> Session:
        # Sessions are closed where they end, which may be another thread.
        return Session(sqlite3.connect(self._file, check_same_thread=False))

    def lock(self, table: str) -> Session:  # noqa: ARG002 - it knows no lock of a table
        session = self.session()
        session.execute("BEGIN EXCLUSIVE")
        return session

    def rotate(self) -> None:
        return

    def stop(self) -> None:
        if self._file.exists():
            self._file.rename(self._file.with_suffix(AWAY))

    def start(self) -> None:
        away = self._file.with_suffix(AWAY)
        if away.exists():
            away.replace(self._file)

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def waiting(self) -> int:
        return 0

    def moments(self) -> Sequence[Moment]:
        return ()
