"""What is set for event types is shown with where it comes from, and so is the template that comes of it."""

import json
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wavetank.emulator.errors import CallerError
from wavetank.pipeline.components.json_schemas import shipped
from wavetank.pipeline.template.render import render
from wavetank.pipeline.topology import load
from wavetank.scenarios.cli import app

CLICK = 'owner = "ads"\n[stream]\nshards = 3\n[tags]\na = "b"\n'
PROJECT = "[defaults.processor]\nmemory_mib = 640\n[stages.staging.overrides.stream]\nshards = 1\n"


@pytest.fixture
def schemas(tmp_path: Path, root: Path) -> Path:
    """This project's event types, of which clicks set something, in a project that sets something for all."""
    folder = Path(shutil.copytree(root / "schemas", tmp_path / "schemas"))
    (folder / "conversion" / "component.toml").unlink()
    (folder / "click" / "component.toml").write_text(CLICK)
    (tmp_path / "wavetank.toml").write_text(PROJECT)
    return folder


def shown(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def shown_help(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["components", *arguments, "--help"], prog_name="wavetank")
    assert result.exit_code == 0, result.output
    return result.stdout


def lines(text: str) -> list[list[str]]:
    return [line.split(maxsplit=3) for line in text.splitlines()]


def test_without_a_name_what_files_set_is_shown_of_every_event_type(schemas: Path) -> None:
    rows = lines(shown("components", "--schemas", str(schemas)))
    assert ["click", "stream.shards", "3", "click/component.toml"] in rows
    assert ["impression", "processor.memory_mib", "640", "wavetank.toml [defaults]"] in rows
    assert not [row for row in rows if row[0] == "impression" and "component.toml" in row[-1]]
    assert not [row for row in rows if "delivery.buffer_s" in row]


def test_of_one_event_type_every_setting_is_shown(schemas: Path) -> None:
    text = shown("components", "click", "--schemas", str(schemas))
    rows = {row[0]: row[1:] for row in (re.split(r"\s{2,}", line) for line in text.splitlines())}
    assert rows["owner"] == ["ads", "click/component.toml"]
    assert rows["delivery.buffer_s"] == ["60", "wavetank"]
    assert rows["tags"] == ['{"a": "b"}', "click/component.toml"]


def test_a_stage_has_its_own_values(schemas: Path) -> None:
    text = shown("components", "click", "--schemas", str(schemas), "--stage", "staging")
    assert "wavetank.toml [stages.staging.overrides]" in text


def test_the_stage_of_the_environment_is_that_of_every_command(schemas: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAVETANK_STAGE", "staging")
    assert "wavetank.toml [stages.staging.overrides]" in shown("components", "click", "--schemas", str(schemas))
    assert json.loads(shown("template", "--schemas", str(schemas))) == render(load(schemas, "staging"))


def test_programs_get_settings_and_origins(schemas: Path) -> None:
    document = json.loads(shown("components", "--schemas", str(schemas), "--json"))
    assert document["click"]["settings"]["stream"] == {"mode": "provisioned", "shards": 3, "retention_hours": 24}
    assert document["click"]["origins"]["stream.shards"] == "click/component.toml"
    assert document.keys() == {"click", "conversion", "impression"}


@pytest.mark.parametrize("order", [("click", "--json"), ("--json", "click")], ids=" ".join)
def test_options_go_before_an_event_type_or_after_it(schemas: Path, order: tuple[str, str]) -> None:
    assert json.loads(shown("components", "--schemas", str(schemas), *order)).keys() == {"click"}


def test_a_command_of_the_group_is_not_taken_for_an_event_type(schemas: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAVETANK_PROJECT", str(schemas.parent))
    assert shown("components", "lock") == "no event type has a requirements.txt\n"
    with pytest.raises(CallerError, match=r"^click has no requirements\.txt"):
        shown("components", "lock", "click")


def test_an_event_type_named_as_a_command_is_shown_after_two_dashes(
    schemas: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (schemas / "click").rename(schemas / "lock")
    monkeypatch.setenv("WAVETANK_PROJECT", str(schemas.parent))
    assert "lock/component.toml" in shown("components", "--", "lock")


@pytest.mark.parametrize(
    ("arguments", "usage"),
    [((), "wavetank components [OPTIONS] [EVENT] | COMMAND"), (("lock",), "wavetank components lock [OPTIONS] [NAME]")],
    ids=["components", "lock"],
)
def test_help_says_how_each_is_called(arguments: tuple[str, ...], usage: str) -> None:
    assert f"Usage: {usage}" in shown_help(*arguments)


@pytest.mark.parametrize("name", ["component", "project"])
def test_the_schema_of_a_file_is_printed(name: str) -> None:
    assert shown("components", "--json-schema", name) == shipped(name)


def test_a_schema_that_there_is_not_is_answered_with_those_there_are() -> None:
    result = CliRunner().invoke(app, ["components", "--json-schema", "stage"])
    assert result.exit_code == 2
    assert "component, project" in result.output


def test_the_template_is_that_of_the_folder_and_stage(schemas: Path) -> None:
    document = json.loads(shown("template", "--schemas", str(schemas), "--stage", "staging"))
    assert document == render(load(schemas, "staging"))
    assert document != render(load(schemas))


def test_the_templates_of_every_stage_are_written_whatever_the_stage(schemas: Path, tmp_path: Path) -> None:
    for stage in ((), ("--stage", "staging")):
        folder = tmp_path / f"templates{len(stage)}"
        shown("template", "--schemas", str(schemas), "--to", str(folder), *stage)
        expected = {f"{name}.json" for each in (None, "staging") for name in render(load(schemas, each))}
        assert {path.name for path in folder.iterdir()} == expected


def test_the_template_of_one_event_type_has_its_resources_alone(schemas: Path) -> None:
    document = json.loads(shown("template", "--schemas", str(schemas), "--event", "click"))
    assert {name.startswith("Click") for name in document["Resources"]} == {True}
