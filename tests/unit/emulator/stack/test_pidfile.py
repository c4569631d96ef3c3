"""The pid file tells the process it was written for from any other."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from wavetank.emulator.errors import DamagedRecord
from wavetank.emulator.stack.pidfile import StackRecord

HOUR_S = 3600.0


def test_a_record_finds_its_process(tmp_path: Path) -> None:
    StackRecord.of(4566, os.getpid()).write(tmp_path / "stack.json")
    read = StackRecord.read(tmp_path / "stack.json", 4566)
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


WHOLE = {"port": 4566, "pid": 7, "began": 1.5, "owner": None}


DAMAGED: dict[str, list[object]] = {
    "port": ["x", None, -1, 4567, 4566.5, True, 10**30],
    "pid": ["x", None, -1, 0, 0.5, [], True, 10**30],
    "began": ["x", None, [], True, 1e999],
    "owner": ["x", -1, 0.5, {}, True, 10**30],
    "unknown": [1],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in DAMAGED for value in DAMAGED[name]])
def test_a_record_with_a_wrong_value_is_damaged(tmp_path: Path, name: str, value: object) -> None:
    path = tmp_path / "stack.json"
    path.write_text(json.dumps(WHOLE))
    assert StackRecord.read(path, 4566) is not None
    path.write_text(json.dumps(WHOLE | {name: value}))
    with pytest.raises(DamagedRecord):
        StackRecord.read(path, 4566)


@pytest.mark.parametrize("text", ["", '{"port": 4566', "[]", "null", '{"port": 4566}', "\0" * 80, "[" * 100_000])
def test_a_record_that_is_damaged_says_which_file_and_what_to_do(tmp_path: Path, text: str) -> None:
    path = tmp_path / "stack.json"
    path.write_text(text)
    with pytest.raises(DamagedRecord) as refusal:
        StackRecord.read(path, 4566)
    assert refusal.value.message.startswith(f"{path} is damaged")
    assert refusal.value.remedy == f"End what listens on port 4566, if anything does, and remove {tmp_path}."


def test_a_folder_in_the_place_of_a_record_is_damage(tmp_path: Path) -> None:
    with pytest.raises(DamagedRecord, match="Is a directory"):
        StackRecord.read(tmp_path, 4566)


def test_a_record_that_was_never_written_is_none(tmp_path: Path) -> None:
    tmp_path.joinpath("file").touch()
    assert StackRecord.read(tmp_path / "file" / "stack.json", 4566) is None
    assert StackRecord.read(tmp_path / "missing.json", 4566) is None
