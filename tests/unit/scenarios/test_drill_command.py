"""The commands refuse what cannot be run before anything is started."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from scenarios.catalogue import catalogue
from scenarios.commands import bench, drill

USAGE = 2


@pytest.fixture
def app() -> typer.Typer:
    commands = typer.Typer()
    drill.register(commands)
    bench.register(commands)
    return commands


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["drill", "storms"], "there is no drill storms"),
        (["drill"], "say --all"),
        (["drill", "control", "--all"], "say --all"),
        (["drill", "control", "--input", "{empty}"], "--mapping go together"),
        (["drill", "control", "--mapping", "{empty}"], "--mapping go together"),
        (["drill", "control", "--input", "{empty}", "--mapping", "{empty}"], "event"),
        (["drill", "control", "--input", "{empty}", "--mapping", "obd-impressions"], "no line of it is an event"),
        (["drill", "control", "--input", "{empty}", "--mapping", "no-such"], "obd-impressions"),
        (["drill", "control", "--events", "0"], "--events"),
        (["drill", "control", "--jobs", "0"], "--jobs"),
        (["drill", "control", "--jobs", "2", "--endpoint-url", "http://127.0.0.1:1"], "--jobs is for private stacks"),
        (["bench"], "say --all"),
        (["bench", "nothing"], "there are: "),
        (["bench", "pipeline", "--all"], "say --all"),
    ],
)
def test_wrong_usage_ends_with_code_2_and_says_what_would_be_right(
    app: typer.Typer, tmp_path: Path, arguments: list[str], said: str
) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    result = CliRunner().invoke(app, [argument.format(empty=empty) for argument in arguments])
    assert result.exit_code == USAGE
    assert said in " ".join(result.output.replace("│", " ").split())


def test_an_unknown_drill_is_answered_with_the_names_there_are(app: typer.Typer) -> None:
    output = " ".join(CliRunner().invoke(app, ["drill", "storms"]).output.replace("│", " ").split())
    assert all(name in output for name in catalogue())


def test_the_list_of_drills_names_each_and_says_what_it_shows(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["drills"])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert [line.split()[0] for line in lines] == list(catalogue())
    assert all(found.hypothesis in result.output for found in catalogue().values())
