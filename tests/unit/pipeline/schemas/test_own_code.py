"""Own code and rules of an event type that cannot be deployed keep the folder from being published."""

import shutil
from pathlib import Path

import pytest

from wavetank.pipeline.schemas.checks import Findings, check_folder
from wavetank.pipeline.topology import load


@pytest.fixture
def schemas(tmp_path: Path, root: Path) -> Path:
    return shutil.copytree(root / "schemas", tmp_path / "schemas")


def test_a_rule_that_does_not_fit_is_refused_with_file_and_number(schemas: Path) -> None:
    file = schemas / "click" / "component.toml"
    file.write_text('[[rules]]\nfield = "position"\nminimum = 1\n[[rules]]\nfield = "positon"\nminimum = 1\n')
    (problem,) = check_folder(load(schemas)).refused
    assert problem.startswith(f"{file}: rules, number 2: field positon: is no field")
    assert problem.endswith("did you mean position?")


def test_a_rule_may_be_on_a_field_that_reference_data_add(schemas: Path) -> None:
    (schemas / "click" / "component.toml").write_text('[[rules]]\nfield = "vertical"\nrequired = true\n')
    assert check_folder(load(schemas)) == Findings()


def test_own_code_is_looked_at(schemas: Path) -> None:
    file = schemas / "click" / "enrich.py"
    file.write_text("import pandas\ndef enrich(event): ...\n")
    problems = check_folder(load(schemas)).refused
    assert [problem.partition(": ")[0] for problem in problems] == [f"{file}, line 2", f"{file}, line 1"]
