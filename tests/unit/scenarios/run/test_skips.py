"""A drill that a stack cannot hold is skipped by name, with the reason; every other one is held."""

from dataclasses import replace
from pathlib import Path

import pytest

from wavetank.emulator.stack.stack import ExternalStack, Kind
from wavetank.emulator.stack.uncontrolled import UncontrolledStack
from wavetank.scenarios.drills.catalogue import catalogue
from wavetank.scenarios.run.skips import sort_out, unfit
from wavetank.scenarios.spec.drill import Tag

URL = "http://127.0.0.1:1"
DRILLS = list(catalogue().values())
PORTABLE = {"control", "corrupt-record", "hot-shard", "unknown-schema"}


class Contained(ExternalStack):
    """A stack that says that it runs in a container."""

    kind = Kind.DOCKER


def test_a_stack_in_a_container_of_ours_holds_every_drill() -> None:
    held, skips = sort_out(DRILLS, Contained(URL))
    assert held == DRILLS
    assert skips == []


def test_elsewhere_the_drills_of_containers_are_skipped_and_say_what_they_need() -> None:
    held, skips = sort_out(DRILLS, ExternalStack(URL))
    assert {skip.name for skip in skips} == {drill.name for drill in DRILLS if Tag.CONTAINERS in drill.tags}
    assert all("wavetank drill --docker" in skip.reason for skip in skips)
    assert [drill.name for drill in held] == [drill.name for drill in DRILLS if Tag.CONTAINERS not in drill.tags]


def test_without_a_control_api_the_portable_drills_are_held() -> None:
    held, skips = sort_out(DRILLS, UncontrolledStack(URL))
    names = {drill.name for drill in held}
    assert names >= PORTABLE
    assert not names & {"duplicates", "late-data", "container-killed"}
    assert names | {skip.name for skip in skips} == set(catalogue())


@pytest.mark.parametrize("name", ["duplicates", "s3-outage"])
def test_a_drill_that_sets_faults_names_the_stack_that_cannot_have_them(name: str) -> None:
    assert URL in unfit(catalogue()[name], UncontrolledStack(URL))


def test_a_drill_that_ages_takes_no_events_from_a_file_and_needs_a_clock() -> None:
    drill = catalogue()["two-days"]
    of_file = replace(drill, workload=replace(drill.workload, source=Path("x"), mapping=Path("y")))
    assert "none from a file" in unfit(of_file, Contained(URL))
    assert unfit(drill, Contained(URL)) == ""
    assert "needs the control API" in unfit(drill, UncontrolledStack(URL))
