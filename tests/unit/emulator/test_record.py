"""The pid file tells the process it was written for from any other."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from emulator.record import StackRecord

HOUR_S = 3600.0


def test_a_record_finds_its_process(tmp_path: Path) -> None:
    StackRecord.of(4566, os.getpid()).write(tmp_path / "stack.json")
    read = StackRecord.read(tmp_path / "stack.json")
    assert read is not None
    process = read.process()
    assert process is not None
    assert process.pid == os.getpid()


def test_a_recycled_process_id_is_not_the_stack() -> None:
    mine = StackRecord.of(4566, os.getpid())
    assert replace(mine, began=mine.began - HOUR_S).process() is None


def test_a_process_is_found_again_when_the_clock_of_the_machine_was_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux tells the time of day at which a process began by that of the boot, which moves with the clock."""
    record, boot_time = StackRecord.of(4566, os.getpid()), psutil._pslinux.boot_time
    monkeypatch.setattr(psutil._pslinux, "boot_time", lambda: boot_time() - HOUR_S)
    process = record.process()
    assert process is not None
    assert process.pid == os.getpid()


def test_a_process_that_ended_is_not_the_stack() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    record = StackRecord.of(4566, child.pid)
    child.communicate()
    assert record.process() is None


def test_a_process_that_nobody_buried_yet_is_not_the_stack() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        record = StackRecord.of(4566, child.pid)
        assert child.stdin is not None
        child.stdin.close()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert record.process() is None


def test_a_record_that_was_not_completely_written_is_none(tmp_path: Path) -> None:
    path = tmp_path / "stack.json"
    for text in ("", '{"port": 4566', "[]", '{"port": 4566}', '{"unknown": 1}'):
        path.write_text(text)
        assert StackRecord.read(path) is None
    assert StackRecord.read(tmp_path / "missing.json") is None
