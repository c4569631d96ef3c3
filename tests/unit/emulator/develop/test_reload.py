"""Changed files are found by looking."""

import shutil
import threading
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from wavetank.emulator.develop.reload import Place, Reaction, Reloader, Watch
from wavetank.emulator.stack.stack import ExternalStack
from wavetank.pipeline import package
from wavetank.pipeline.names import NAMES
from wavetank.pipeline.topology import load

CAMPAIGNS = """
key = ["campaign"]
columns = { campaign = "string", advertiser = "string", vertical = "string" }
database = { name = "ads", secret = "wavetank/ads", table = "campaigns" }
"""


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


@pytest.fixture
def schemas(tmp_path: Path, root: Path) -> Path:
    """The schema folder with the campaigns in a database."""
    copy = Path(shutil.copytree(root / "schemas", tmp_path / "schemas"))
    (copy / "reference" / "campaigns.json").unlink()
    (copy / "reference" / "campaigns.toml").write_text(CAMPAIGNS)
    return copy


def test_a_dumper_is_given_the_package_that_says_what_it_reads(schemas: Path, tmp_path: Path) -> None:
    """By nothing else does a dumper know: with the package of other functions it could read nothing any more."""
    nowhere, function = ExternalStack("http://127.0.0.1:9"), NAMES.dumper("ads")
    reloader = Reloader(nowhere, Place(package.CODE, schemas, [function]), lambda: Reaction("not asked"))
    (database,) = load(schemas).databases
    assert reloader.packages[function] == package.build_dumper(tmp_path, database).path.read_bytes()
    with zipfile.ZipFile(BytesIO(reloader.packages[function])) as archive:
        assert "wavetank_references/ads.json" in archive.namelist()
    assert reloader.packages[NAMES.replayer] != reloader.packages[function]


def test_what_a_function_alone_has_goes_with_it_under_the_debugger(schemas: Path) -> None:
    (schemas / "click" / "enrich.py").write_text("def enrich(event, reference):\n    return event\n")
    planned = load(schemas)
    own = {name: [source.name for source in package.own_sources(planned, name)] for name in planned.functions}
    assert own.pop(NAMES.dumper("ads")) == ["wavetank_references/ads.json"]
    assert own.pop(NAMES.processor("click")) == [
        f"wavetank_components/click/{name}" for name in ("component.json", "enrich.py")
    ]
    assert not any(own.values())
