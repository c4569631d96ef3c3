"""Lets CloudWatch write metrics without waiting for the disk: they end with the stack, as all its state does.

LocalStack writes every datum to an SQLite file in a transaction of its own, each of which waits for the disk. While
metrics are being written nothing is quiet, so every settle waited for it too.
"""

import sqlite3
from types import ModuleType, SimpleNamespace
from typing import Any

from emulator.imports import when_imported

HELPER = "localstack.services.cloudwatch.cloudwatch_database_helper"


def install() -> None:
    """Change how the file is opened, from the moment its module is imported."""
    when_imported(HELPER, write_without_waiting)


def write_without_waiting(module: ModuleType) -> None:
    """Make the module open SQLite files without waiting for the disk. Raises AttributeError where it opens none."""
    if not hasattr(module, "sqlite3"):
        raise AttributeError(f"{module.__name__} does not open the file of metrics")
    vars(module)["sqlite3"] = SimpleNamespace(connect=_connect)


def _connect(database: str, **options: Any) -> sqlite3.Connection:
    connection: sqlite3.Connection = sqlite3.connect(database, **options)
    connection.execute("PRAGMA synchronous = OFF")
    if not options.get("uri"):
        connection.execute("PRAGMA journal_mode = MEMORY")
    return connection
