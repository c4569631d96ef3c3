"""A storm can do whatever the catalogue knows, but for what is left out with its reason; the same by seed."""

import random

from wavetank.emulator.faults.model import Fault, document
from wavetank.emulator.faults.parse import parse
from wavetank.emulator.faults.points import POINTS, Point
from wavetank.scenarios.exploration.storm.hazards import LEFT_OUT, hazards, schedule
from wavetank.scenarios.exploration.storm.storm import drill_of


def test_every_action_of_every_point_is_a_hazard_or_left_out_for_a_reason() -> None:
    known = {(point.name, str(action)) for point in POINTS.values() for action in point.actions}
    drawn = {(hazard.point, str(hazard.action)) for hazard in hazards()}
    assert drawn | set(LEFT_OUT) == known
    assert not drawn & set(LEFT_OUT)
    assert all(LEFT_OUT.values())


def test_every_hazard_is_a_fault_that_the_stack_takes_and_that_ends_by_itself() -> None:
    rng = random.Random(3)
    for hazard in hazards():
        for _ in range(20):
            fault = hazard.fault("one", rng)
            assert document(parse(document(fault), "x")) == document(fault)
            assert fault.when.count or fault.when.nth


def test_calls_of_the_drill_itself_are_never_struck() -> None:
    rng = random.Random(5)
    for hazard in hazards():
        match = hazard.fault("one", rng).match
        if hazard.point in (Point.AWS_CALL, Point.S3_READ):
            assert match["caller"] == "wavetank-*"


def test_a_round_of_a_seed_is_the_same_drill_every_time_and_rounds_differ() -> None:
    drills = [drill_of(1, number) for number in range(1, 40)]
    assert drills == [drill_of(1, number) for number in range(1, 40)]
    assert len({repr(drill.nemeses) for drill in drills}) == len(drills)
    assert drill_of(2, 1).nemeses != drills[0].nemeses


def test_a_schedule_has_no_more_faults_than_it_may() -> None:
    lengths = {len(schedule(random.Random(number), 5)) for number in range(100)}
    assert lengths == {1, 2, 3, 4, 5}


def test_every_hazard_comes_up_in_some_storm() -> None:
    drawn = {
        (nemesis.point, nemesis.action)
        for number in range(400)
        for nemesis in drill_of(1, number).nemeses
        if isinstance(nemesis, Fault)
    }
    assert drawn == {(hazard.point, hazard.action) for hazard in hazards()}
