"""What a race leaves is compared event by event; what is stopped keeps nobody waiting, and all else does."""

from dataclasses import replace

import pytest

from wavetank.emulator.pending import Pending
from wavetank.scenarios.exploration.races.actors import ACTORS
from wavetank.scenarios.exploration.races.cells import Cell, Moment
from wavetank.scenarios.exploration.races.races import FinalState, NoRaceError, Result, chosen, others
from wavetank.scenarios.exploration.races.table import document, listed, matrix, wrong
from wavetank.scenarios.oracle.evidence import Verdict

RIGHT = FinalState({"avro/a": "1", "parquet/a": "2"}, {"e1": 1, "e2": 1}, frozenset({("bad-frame", "x")}), ())
CELL = Cell(7, "planner", "late", {"operation": "PutObject"}, nth=1, moment=Moment.AFTER, name="PutObject avro/[a]")
HELD = Pending("aws.call", "f", "PutObject of f", by_fault=True)
RUNS = Pending("lambda.invoke", "f", "f")


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (RIGHT, ""),
        (replace(RIGHT, ids={"e1": 1}), "1 events are lost, such as e2"),
        (replace(RIGHT, ids={"e1": 1, "e2": 2}), "1 events are there too often, such as e2"),
        (replace(RIGHT, ids={"e1": 1, "e2": 1, "e3": 1}), "1 events are there too often, such as e3"),
        (replace(RIGHT, files={"avro/a": "1"}), "1 of 2 files differ, such as parquet/a"),
        (replace(RIGHT, files={**RIGHT.files, "avro/b": "1"}), "1 of 3 files differ, such as avro/b"),
        (replace(RIGHT, aside=frozenset()), "quarantine: 1 records are missing, 0 too many"),
        (replace(RIGHT, undone=("c",)), "1 chunks are not done, such as c"),
    ],
)
def test_every_difference_from_what_is_right_is_told(state: FinalState, told: str) -> None:
    assert state.differs(RIGHT) == told


def test_one_held_call_and_its_invocation_are_left_out_and_nothing_else() -> None:
    elsewhere = Pending("sqs.mapping", "merges", "a message")
    assert others([HELD, RUNS], "f") == []
    assert others([RUNS, HELD, RUNS, elsewhere], "f") == [RUNS, elsewhere]
    assert others([HELD, RUNS], "g") == [HELD, RUNS]


def test_actors_have_names_of_their_own_and_one_caller_each() -> None:
    assert len({actor.name for actor in ACTORS}) == len(ACTORS)
    assert all(actor.called("p") for actor in ACTORS)


def test_races_are_chosen_by_who_is_stopped_and_who_runs() -> None:
    cells = [CELL, replace(CELL, number=8, second="planner")]
    assert chosen(cells) == cells
    assert chosen(cells, "planner", "late") == [CELL]
    with pytest.raises(NoRaceError, match="late does not race with anybody; who does: planner late, planner planner"):
        chosen(cells, "late")


def test_a_race_that_fails_is_told_with_what_runs_it_again() -> None:
    result = Result(CELL, Verdict.FAIL, "1 events are lost")
    [line] = wrong([result, Result(CELL, Verdict.PASS)])
    assert line == (
        "fail: planner stopped after PutObject avro/[a], late meanwhile: 1 events are lost (wavetank races --cell 7)"
    )
    assert list(listed([CELL])) == ["    7  planner after PutObject avro/[a], late meanwhile"]
    assert document([result], planned=3, duration_s=1.0)["verdicts"] == {"pass": 0, "fail": 1, "inconclusive": 0}


def test_the_matrix_has_a_row_a_call() -> None:
    both = [Result(replace(CELL, number=6, moment=Moment.BEFORE), Verdict.PASS), Result(CELL, Verdict.FAIL, "bad")]
    assert matrix(both).row_count == 1
