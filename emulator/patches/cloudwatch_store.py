"""CloudWatch writes metrics without waiting for the disk: they end with the stack, as all its state does.

LocalStack writes every datum to an SQLite file in a transaction of its own, each of which waits for the disk, and opens
the file for each. While metrics are being written nothing is quiet, so every settle waited for it too.
"""

import sqlite3
from pathlib import Path
from types import ModuleType, SimpleNamespace

from wavetank.emulator.patches import original, replace
from wavetank.emulator.runtime.on_import import when_imported


def install() -> None:
    """Change how the file is opened, from the moment its module is imported."""
    when_imported("localstack.services.cloudwatch.cloudwatch_database_helper", write_without_waiting)


def write_without_waiting(module: ModuleType) -> None:
    """Make the module open an SQLite file once, and not wait for the disk. Raises TypeError where it opens none.

    The module's own lock lets one thread at a time use what it has opened.
    """
    original(module, "sqlite3.connect")
    opened: dict[str, sqlite3.Connection] = {}

    def connect(database: str, uri: bool = False) -> sqlite3.Connection:
        if not uri and not Path(database).exists():
            opened.clear()
        if database not in opened:
            connection = sqlite3.connect(database, uri=uri, check_same_thread=False)
            connection.execute("PRAGMA synchronous = OFF")
            if not uri:
                connection.execute("PRAGMA journal_mode = MEMORY")
            opened[database] = connection
        return opened[database]

    replace(module, "sqlite3", SimpleNamespace(connect=connect))
