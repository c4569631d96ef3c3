"""A saved drill is the same drill when it is read, and what is no saved drill is refused with the reason."""

import json
from pathlib import Path

import pytest

from wavetank.emulator.faults.points import Point
from wavetank.scenarios.exploration.storm.replay import UnusableReplayError, load, save
from wavetank.scenarios.exploration.storm.storm import drill_of
from wavetank.scenarios.spec import (
    Action,
    ColdStart,
    Drill,
    Fault,
    ProducerRepeats,
    Redrive,
    Scheduled,
    Settle,
    Tick,
    Workload,
)


@pytest.mark.parametrize("number", range(1, 30))
def test_a_storm_that_was_saved_is_read_back_as_it_was(number: int, tmp_path: Path) -> None:
    drill, path = drill_of(4, number, "generated:9" if number % 2 else ""), tmp_path / "deep" / "storm.json"
    save(drill, 4, path)
    assert load(path) == (drill, 4)


def test_a_drill_that_was_saved_with_its_troubles_and_its_witness_is_read(tmp_path: Path) -> None:
    path = tmp_path / "storm.json"
    fault = {"id": "lossy", "point": "s3.notification", "action": "drop", "match": {"key": "chunks/*"}, "seed": 5}
    saved = {
        "format": 1,
        "name": "storm-1-2",
        "hypothesis": "It holds.",
        "seed": 1,
        "workload": {"events": 60, "hours": 1, "portions": 1},
        "troubles": [fault, {"repeats": 0.2, "id": "twice"}],
        "witness": ["settle", "planner"],
    }
    path.write_text(json.dumps(saved))
    drill, seed = load(path)
    lossy = Fault("lossy", Point.S3_NOTIFICATION, Action.DROP, {"key": "chunks/*"}, seed=5)
    assert drill.nemeses == (lossy, ProducerRepeats(0.2, "twice"))
    assert drill.during == (Settle(), Tick(Scheduled.PLANNER))
    assert (drill.workload, seed) == (Workload(events=60, hours=1, portions=1), 1)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "troubles": []}', "\xff"])
def test_what_is_no_saved_drill_is_refused_by_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "storm.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(UnusableReplayError, match=r"storm\.json"):
        load(path)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("seed",), "x"), (("seed",), None), (("seed",), [1]), (("seed",), 1e999), (("name",), 5),
        (("hypothesis",), {}), (("troubles",), [5]), (("troubles",), ["repeats"]), (("troubles",), 5),
        (("troubles",), {"a": 1}), (("witness",), ["nowhere"]), (("witness",), [[]]), (("witness",), 5),
        (("workload", "schemas"), "mine"), (("workload",), []), (("workload",), {"a": 1}),
        (("workload", "events"), "9"), (("workload", "events"), True), (("workload", "hours"), 0),
        (("workload", "source"), "/etc/passwd"), (("workload", "edges"), 1),
        (("workload", "shapes"), ["round"]), (("workload", "shapes"), [1]), (("workload", "shapes"), 1),
    ],
)  # fmt: skip
def test_a_saved_drill_with_a_wrong_value_is_refused_by_name(
    place: tuple[str, ...], value: object, tmp_path: Path
) -> None:
    path = tmp_path / "storm.json"
    save(drill_of(4, 1), 4, path)
    document = json.loads(path.read_text())
    *folders, last = place
    inner = document
    for name in folders:
        inner = inner[name]
    inner[last] = value
    path.write_text(json.dumps(document))
    with pytest.raises(UnusableReplayError, match=r"storm\.json"):
        load(path)


def test_a_file_that_is_nested_too_deeply_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "storm.json"
    path.write_text("[" * 100_000)
    with pytest.raises(UnusableReplayError, match=r"storm\.json"):
        load(path)


@pytest.mark.parametrize("drill", [Drill("a", "b", (ColdStart(),)), Drill("a", "b", during=(Redrive(),))])
def test_what_a_file_cannot_hold_is_not_saved(drill: Drill, tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        save(drill, 1, tmp_path / "storm.json")
