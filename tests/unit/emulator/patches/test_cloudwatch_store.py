"""Metrics are written without waiting for the disk, and read as before."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

from wavetank.emulator.patches.cloudwatch_store import write_without_waiting

OFF = 0


def test_a_module_opens_its_file_without_waiting_for_the_disk(tmp_path: Path) -> None:
    module = ModuleType("helper")
    vars(module)["sqlite3"] = sqlite3
    write_without_waiting(module)
    file = tmp_path / "metrics.db"
    with vars(module)["sqlite3"].connect(str(file)) as writer:
        assert writer.execute("PRAGMA synchronous").fetchone() == (OFF,)
        writer.execute("CREATE TABLE metrics (value)")
        writer.execute("INSERT INTO metrics VALUES (7)")
    with vars(module)["sqlite3"].connect(f"file:{file}?mode=ro", uri=True) as reader:
        assert reader.execute("SELECT value FROM metrics").fetchall() == [(7,)]


def test_a_file_is_opened_once_for_all_threads_and_anew_when_it_is_gone(tmp_path: Path) -> None:
    module = ModuleType("helper")
    vars(module)["sqlite3"] = sqlite3
    write_without_waiting(module)
    file = tmp_path / "metrics.db"
    first = vars(module)["sqlite3"].connect(str(file))
    first.execute("CREATE TABLE metrics (value)")
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: vars(module)["sqlite3"].connect(str(file))).result() is first
    file.unlink()
    with vars(module)["sqlite3"].connect(str(file)) as anew:
        anew.execute("CREATE TABLE metrics (value)")
    assert file.exists()
