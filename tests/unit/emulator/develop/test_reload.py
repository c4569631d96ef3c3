"""Changed files are found by looking."""

import threading
from pathlib import Path

import pytest

from wavetank.emulator.develop.reload import Watch


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    """A watch of a folder with one file."""
    (tmp_path / "kept.py").write_text("old")
    return Watch((tmp_path,), (".py",))


def test_files_that_came_changed_or_went_are_told_once(watch: Watch, tmp_path: Path) -> None:
    kept, new = tmp_path / "kept.py", tmp_path / "folder" / "new.py"
    assert watch.changes() == set()
    kept.write_text("changed")
    new.parent.mkdir()
    new.touch()
    assert watch.changes() == {kept, new}
    new.unlink()
    assert watch.changes() == {new}
    assert watch.changes() == set()


def test_a_file_replaced_by_another_of_the_same_size_is_a_change(watch: Watch, tmp_path: Path) -> None:
    (tmp_path / "draft").write_text("new")
    (tmp_path / "draft").replace(tmp_path / "kept.py")
    assert watch.changes() == {tmp_path / "kept.py"}


def test_bytecode_and_files_of_other_kinds_are_none(watch: Watch, tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "kept.py").touch()
    (tmp_path / "notes.txt").touch()
    assert watch.changes() == set()


def test_waiting_ends_with_a_change(watch: Watch, tmp_path: Path) -> None:
    threading.Timer(0.02, (tmp_path / "kept.py").write_text, ["changed"]).start()
    assert watch.wait() == {tmp_path / "kept.py"}
