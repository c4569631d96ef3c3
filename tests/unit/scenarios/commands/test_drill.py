"""The commands refuse what cannot be run before anything is started."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from wavetank.scenarios.commands import bench, drill, explore
from wavetank.scenarios.drills.catalogue import UnknownDrillError, catalogue, chosen

USAGE = 2


@pytest.fixture
def app() -> typer.Typer:
    commands = typer.Typer()
    for group in (drill, explore):
        group.register(commands)
    bench.register(commands)
    return commands


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["drill", "storms"], "there is no drill storms"),
        (["drill"], "or --all"),
        (["drill", "control", "--all"], "or --all"),
        (["drill", "--tag", "schemas", "--all"], "or --all"),
        (["drill", "--tag", "weather"], "there is no tag weather; there are: duplicates"),
        (["drills", "--tag", "weather"], "there is no tag weather; there are: duplicates"),
        (["drill", "control", "--input", "{empty}"], "--mapping go together"),
        (["drill", "control", "--mapping", "{empty}"], "--mapping go together"),
        (["drill", "control", "--input", "{empty}", "--mapping", "{empty}"], "event"),
        (["drill", "control", "--input", "{empty}", "--mapping", "obd-impressions"], "no line of it is an event"),
        (["drill", "control", "--input", "{empty}", "--mapping", "no-such"], "obd-impressions"),
        (["drill", "control", "--events", "0"], "--events"),
        (["drill", "control", "--jobs", "0"], "--jobs"),
        (["drill", "control", "--jobs", "2", "--endpoint-url", "http://127.0.0.1:1"], "are for private stacks"),
        (["drill", "control", "--docker", "--endpoint-url", "http://127.0.0.1:1"], "are for private stacks"),
        (["drill", "control", "--replay", "{empty}"], "brings its drill"),
        (["drill", "--replay", "{empty}"], "is no saved drill"),
        (["drill", "--replay", "{empty}.json"], "does not exist"),
        (["mutants", "nobody"], "there is no mutant nobody"),
        (["sweep", "--event", "nothing"], "there is no event type 'nothing'"),
        (["races", "--event", "nothing"], "there is no event type 'nothing'"),
        (["races", "planner", "nobody"], "there is no actor nobody; there are: processor"),
        (["races", "planner", "--cell", "3"], "leave the actors out"),
        (["storm", "--rounds", "0"], "--rounds"),
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


def test_the_list_of_drills_names_each_and_says_what_it_shows_and_what_goes_wrong(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["drills"])
    assert result.exit_code == 0
    heads = [line for line in result.output.splitlines() if not line.startswith(" ")]
    assert [line.split()[0] for line in heads] == list(catalogue())
    for found in catalogue().values():
        assert found.hypothesis in result.output
        assert all(nemesis.id in result.output for nemesis in found.nemeses)


def test_the_list_as_json_has_the_point_and_action_of_each_fault(app: typer.Typer) -> None:
    listed = json.loads(CliRunner().invoke(app, ["drills", "--json"]).output)["drills"]
    assert [drill["name"] for drill in listed] == list(catalogue())
    duplicates = next(drill for drill in listed if drill["name"] == "duplicates")
    assert duplicates["tags"] == ["basics", "duplicates"]
    assert {"id": "batch-again", "point": "esm.batch", "action": "duplicate"} in duplicates["faults"]


def test_a_tag_lists_the_drills_that_carry_it_and_no_other(app: typer.Typer) -> None:
    listed = json.loads(CliRunner().invoke(app, ["drills", "--tag", "schemas", "--json"]).output)["drills"]
    wanted = [name for name, drill in catalogue().items() if "schemas" in drill.tags]
    assert [drill["name"] for drill in listed] == wanted != []


def test_drills_are_chosen_by_name_by_tag_and_all_together() -> None:
    assert [drill.name for drill in chosen(["all"])] == list(catalogue())
    tagged = {name for name, drill in catalogue().items() if "schemas" in drill.tags}
    assert {drill.name for drill in chosen(["schemas", "control"])} == tagged | {"control"}
    with pytest.raises(UnknownDrillError, match="no drill and no tag weather; there are drills: control"):
        chosen(["weather"])
