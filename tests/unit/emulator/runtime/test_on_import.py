"""Patches reach a module whether it is imported before or after they are registered."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from wavetank.emulator.runtime.on_import import when_imported

NAME = "wavetank_test_patched"


@pytest.fixture
def module_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    path = tmp_path / f"{NAME}.py"
    path.write_text("value = 1\n")
    yield path
    sys.modules.pop(NAME, None)


def test_a_module_is_patched_right_after_its_import(module_file: Path) -> None:
    when_imported(NAME, lambda module: setattr(module, "value", vars(module)["value"] + 1))
    assert NAME not in sys.modules
    assert importlib.import_module(NAME).value == 2
    sys.modules.pop(NAME)
    assert importlib.import_module(NAME).value == 2


def test_a_module_that_is_imported_already_is_patched_now(module_file: Path) -> None:
    name = f"{NAME}_early"
    module_file.with_name(f"{name}.py").write_text("value = 1\n")
    module = importlib.import_module(name)
    when_imported(name, lambda module: setattr(module, "value", 5))
    assert module.value == 5


def test_a_patch_that_fails_fails_the_import(module_file: Path) -> None:
    name = f"{NAME}_broken"
    module_file.with_name(f"{name}.py").write_text("value = 1\n")
    when_imported(name, lambda module: vars(module)["missing"])
    with pytest.raises(KeyError):
        importlib.import_module(name)
    assert name not in sys.modules


def test_a_module_that_does_not_exist_is_still_reported_missing() -> None:
    when_imported(f"{NAME}_absent", lambda module: None)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"{NAME}_absent")
