"""A drill that a stack cannot hold is skipped by name, with the reason; every other one is held."""

from dataclasses import replace
from pathlib import Path

import pytest

from wavetank.emulator.stack.stack import ExternalStack, Kind
from wavetank.emulator.stack.uncontrolled import UncontrolledStack
from wavetank.scenarios.drills.catalogue import catalogue
from wavetank.scenarios.run.skips import SAME_MACHINE, sort_out, unfit
from wavetank.scenarios.site.database import choice
from wavetank.scenarios.site.database.server import Engine
from wavetank.scenarios.site.own_code import has_database
from wavetank.scenarios.spec.drill import Tag

URL = "http://127.0.0.1:1"
DRILLS = list(catalogue().values())
OF_DATABASES = [drill for drill in DRILLS if has_database(drill.workload.component)]
PORTABLE = {"control", "corrupt-record", "hot-shard", "unknown-schema"}


class Contained(ExternalStack):
    """A stack that says that it runs in a container."""

    kind = Kind.DOCKER


class Embedded(ExternalStack):
    """A stack that says that it is a process of ours."""

    kind = Kind.EMBEDDED


def test_a_stack_in_a_container_of_ours_holds_every_drill_but_those_of_databases_here() -> None:
    held, skips = sort_out(DRILLS, Contained(URL))
    assert held == [drill for drill in DRILLS if drill not in OF_DATABASES]
    assert {skip.reason for skip in skips} == {SAME_MACHINE}


def test_elsewhere_the_drills_of_containers_are_skipped_and_say_what_they_need() -> None:
    ashore = [drill for drill in DRILLS if drill not in OF_DATABASES]
    held, skips = sort_out(ashore, ExternalStack(URL))
    assert {skip.name for skip in skips} == {drill.name for drill in DRILLS if Tag.CONTAINERS in drill.tags}
    assert all("wavetank drill --docker" in skip.reason for skip in skips)
    assert held == [drill for drill in ashore if Tag.CONTAINERS not in drill.tags]


@pytest.mark.parametrize("engine", [Engine.MARIADB, Engine.POSTGRESQL])
def test_without_a_database_server_the_drills_that_need_one_are_skipped_and_the_others_held(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(choice.VARIABLE, raising=False)
    monkeypatch.setattr(choice, "obstacle", lambda each: "" if each is Engine.SQLITE else f"no {each}")
    held, skips = sort_out(OF_DATABASES, Embedded(URL))
    assert {skip.name for skip in skips} == {drill.name for drill in OF_DATABASES if drill.needs_server}
    assert len(held) >= 5
    assert all(f"no {engine}" in skip.reason for skip in skips)
    monkeypatch.setattr(choice, "obstacle", lambda each: "" if each is engine else f"no {each}")
    assert sort_out(OF_DATABASES, Embedded(URL)) == (OF_DATABASES, [])


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
