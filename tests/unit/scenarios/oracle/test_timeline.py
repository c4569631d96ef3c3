"""Everything that happened in a run lies on one axis, though its clocks differ."""

import pytest

from wavetank.scenarios.oracle.history import Mark
from wavetank.scenarios.oracle.hops import Hop
from wavetank.scenarios.oracle.timeline import Arrival, Axis, Notes, Strike, Timeline

WALL = 1_700_000_000.0
HOURS_13 = 46_800.0
AHEAD = 500.0
"""The emulator's clock was moved on so far before the run began."""

AXIS = Axis(WALL, ((0.0, WALL + AHEAD), (2.0, WALL + AHEAD + 2), (3.0, WALL + AHEAD + HOURS_13 + 3)))
"""At second 2 the drill moves the clock on by 13 hours."""


@pytest.mark.parametrize(("emulator_s", "at_s"), [(0.5, 0.5), (2.0, 2.0), (HOURS_13 + 3.5, 3.5), (HOURS_13 + 60, 60.0)])
def test_emulator_time_is_put_on_the_axis_of_the_run(emulator_s: float, at_s: float) -> None:
    assert AXIS.of_emulator(WALL + AHEAD + emulator_s) == pytest.approx(at_s)


def test_a_time_right_after_a_jump_lies_at_the_jump_and_not_hours_later() -> None:
    assert AXIS.of_emulator(WALL + AHEAD + HOURS_13 + 2.5) == pytest.approx(3.0)


def test_without_a_note_of_the_emulators_clock_it_is_taken_for_the_wall_clock() -> None:
    assert Axis(WALL).of_emulator(WALL + 4) == 4


def test_events_of_one_moment_are_one_arrival_and_none_is_forgotten() -> None:
    notes = Notes()
    for at_s in (1.01, 1.02, 1.5):
        notes.add(at_s, Hop.RAW, "click", 2)
    assert notes.arrivals() == (Arrival(1.0, Hop.RAW, "click", 4), Arrival(1.5, Hop.RAW, "click", 2))


TIMELINE = Timeline(
    2.4,
    (Mark(0.1, "inject"), Mark(1.5, "heal")),
    (
        Arrival(0.2, Hop.SENT, "click", 5),
        Arrival(0.9, Hop.SENT, "sale", 1),
        Arrival(2.9, Hop.MERGED, "click", 5),
        Arrival(1.1, Hop.MERGED, "sale", 1),
    ),
    (Strike(0.3, "drop"), Strike(0.4, "drop")),
)


def test_every_event_is_counted_in_a_second_of_the_run() -> None:
    assert TIMELINE.rates(Hop.SENT) == [6, 0, 0]
    assert TIMELINE.rates(Hop.MERGED) == [0, 1, 5]
    assert sum(TIMELINE.rates(Hop.RAW)) == 0


def test_the_document_tells_healing_convergence_strikes_and_counts_by_hop() -> None:
    said = TIMELINE.document()
    assert (said["seconds"], said["healed_s"], said["converged_s"]) == (3, 1.5, 2.4)
    assert said["strikes"] == {"drop": [0.3, 0.4]}
    assert said["seen"]["click"] | {"sent": 5, "merged": 5, "parts": 0} == said["seen"]["click"]
