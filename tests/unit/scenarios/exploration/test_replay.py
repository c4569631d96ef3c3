"""A saved drill is the same drill when it is read, and what is no saved drill is refused with the reason."""

from pathlib import Path

import pytest

from scenarios.drill import Drill
from scenarios.exploration.replay import UnusableReplayError, load, save
from scenarios.exploration.storm import drill_of
from scenarios.schedules import ColdStart, Redrive


@pytest.mark.parametrize("number", range(1, 30))
def test_a_storm_that_was_saved_is_read_back_as_it_was(number: int, tmp_path: Path) -> None:
    drill, path = drill_of(4, number), tmp_path / "deep" / "storm.json"
    save(drill, 4, path)
    assert load(path) == (drill, 4)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "troubles": []}', "\xff"])
def test_what_is_no_saved_drill_is_refused_by_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "storm.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(UnusableReplayError, match=r"storm\.json"):
        load(path)


@pytest.mark.parametrize("drill", [Drill("a", "b", (ColdStart(),)), Drill("a", "b", witness=(Redrive(),))])
def test_what_a_file_cannot_hold_is_not_saved(drill: Drill, tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        save(drill, 1, tmp_path / "storm.json")
