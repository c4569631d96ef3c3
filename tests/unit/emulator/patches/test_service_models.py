"""Service models are read once, and hold no documentation, but everything else."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from botocore import loaders
from botocore.model import ServiceModel

from wavetank.emulator.patches.service_models import share_models


@pytest.fixture
def module() -> ModuleType:
    """A module with a file loader of its own, so that botocore's stays as it is."""
    own = ModuleType("loaders")
    vars(own)["JSONFileLoader"] = type("JSONFileLoader", (loaders.JSONFileLoader,), {})
    share_models(own)
    return own


def load(module: ModuleType, path: Path) -> Any:
    return module.JSONFileLoader().load_file(str(path))


def test_two_loaders_share_what_a_file_holds(module: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text('{"shapes": {}}')
    assert load(module, tmp_path / "model") is load(module, tmp_path / "model")


def test_a_file_that_is_not_there_is_none(module: ModuleType, tmp_path: Path) -> None:
    assert load(module, tmp_path / "nothing") is None


def test_documentation_is_empty_but_a_member_of_that_name_stays(module: ModuleType, tmp_path: Path) -> None:
    model = {"documentation": "<p>Long.</p>", "members": {"documentation": {"shape": "String"}}}
    (tmp_path / "model.json").write_text(json.dumps(model))
    assert load(module, tmp_path / "model") == {**model, "documentation": ""}


def test_a_real_model_describes_the_same_operations(module: ModuleType) -> None:
    folder = Path(loaders.__file__).parent / "data" / "kinesis" / "2013-12-02" / "service-2"
    lean = ServiceModel(load(module, folder))
    full = ServiceModel(loaders.JSONFileLoader().load_file(str(folder)))
    assert list(lean.operation_names) == list(full.operation_names)
    for name in full.operation_names:
        given: Any = lean.operation_model(name).input_shape
        wanted: Any = full.operation_model(name).input_shape
        assert list(given.members) == list(wanted.members)
        assert given.required_members == wanted.required_members
