"""The catalogue is the folder: every drill in it can be run, and a name that is not in it is refused."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from wavetank.emulator.faults.model import Fault, document
from wavetank.emulator.faults.parse import parse
from wavetank.emulator.stack.home import project_root
from wavetank.pipeline import topology
from wavetank.pipeline.names import NAMES
from wavetank.pipeline.records import Reason
from wavetank.pipeline.template.alarm_model import Kind
from wavetank.pipeline.template.render import whole
from wavetank.scenarios.drills.catalogue import UnknownDrillError, alarm_table, catalogue, named
from wavetank.scenarios.run.alarm_datapoints import ALARM, COMPOSITE
from wavetank.scenarios.site.own_code import has_database, overlaid
from wavetank.scenarios.site.site import scheduled_event
from wavetank.scenarios.spec.drill import Tag
from wavetank.scenarios.workload.synthetic import WorkloadEvent, synthetic
from wavetank.scenarios.workload.workload import chosen, portions

START = datetime(2019, 11, 24, tzinfo=UTC)
FAULTS = [fault for drill in catalogue().values() for fault in drill.nemeses if isinstance(fault, Fault)]


def test_the_control_comes_first_and_is_the_only_one_without_nemeses() -> None:
    names = list(catalogue())
    assert names[0] == "control"
    assert [name for name, drill in catalogue().items() if drill.is_control] == ["control"]
    assert {"duplicates", "dropped-notifications", "schema-overwrite"} <= set(names)


def test_every_drill_says_what_it_shows_and_names_its_nemeses_differently() -> None:
    for drill in catalogue().values():
        assert drill.hypothesis.endswith(".")
        ids = [nemesis.id for nemesis in drill.nemeses]
        assert len(set(ids)) == len(ids)


def test_every_drill_but_the_control_is_found_by_a_tag_and_every_tag_finds_one() -> None:
    tagged = {tag: [drill.name for drill in catalogue().values() if tag in drill.tags] for tag in Tag}
    assert all(tagged.values())
    assert {name for names in tagged.values() for name in names} == set(catalogue()) - {"control"}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_every_fault_of_a_drill_is_one_that_the_stack_accepts(fault: Fault) -> None:
    assert document(parse(document(fault), "unnamed")).items() >= {"id": fault.id, "point": fault.point}.items()


def alarms_of(schemas: Path) -> set[str]:
    resources = whole(topology.load(schemas))["Resources"].values()
    return {made["Properties"]["AlarmName"] for made in resources if made["Type"] in (ALARM, COMPOSITE)}


def test_every_alarm_that_a_drill_names_is_deployed_and_every_reason_is_one_of_the_pipelines() -> None:
    alarms = alarms_of(project_root() / "schemas")
    for component in {drill.workload.component for drill in catalogue().values()}:
        if has_database(component):
            with overlaid(project_root() / "schemas", component) as folder:
                alarms |= alarms_of(folder)
    for drill in catalogue().values():
        assert set(drill.alarms or ()) <= alarms
        assert set(drill.pages) == {name for name in drill.alarms or () if name.endswith(Kind.DATA_STOPPED)}
        assert set(drill.sets_aside or ()) <= set(Reason)


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_of_alarm_is_rung_by_some_drill(kind: Kind) -> None:
    assert [drill.name for drill in catalogue().values() for name in drill.alarms or () if name.endswith(f"-{kind}")]


def test_the_runbook_has_the_alarms_of_each_failure_as_the_drills_declare_them() -> None:
    page = (project_root() / "docs" / "runbook.md").read_text()
    table = page.partition("<!-- drills: begin -->\n")[2].partition("<!-- drills: end -->")[0]
    assert table == alarm_table(catalogue().values())


@pytest.mark.parametrize("name", ["control", "normal-day"])
def test_no_alarm_rings_where_nothing_is_wrong(name: str) -> None:
    assert catalogue()[name].alarms == ()


def test_a_part_of_a_composite_alarm_rings_with_the_whole() -> None:
    parts = (Kind.RAW_SILENT, Kind.PROCESSED_SILENT, Kind.CONSUMER_OFF)
    for drill in catalogue().values():
        rung = drill.alarms or ()
        stopped = {name.removesuffix(f"-{kind}") for kind in parts for name in rung if name.endswith(f"-{kind}")}
        assert {f"{each}-{Kind.DATA_STOPPED}" for each in stopped} == set(drill.pages)


def test_a_drill_whose_streams_refuse_single_records_is_not_held_to_the_order() -> None:
    unordered = {name for name, drill in catalogue().items() if not drill.expectations.in_order}
    assert unordered == {"throttled-puts", "failing-puts", "tight-limits", "shard-limits"}


def test_drills_are_found_by_name_each_once_in_the_order_given() -> None:
    assert [drill.name for drill in named(["duplicates", "control", "duplicates"])] == [
        "duplicates",
        "control",
    ]


def test_an_unknown_drill_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UnknownDrillError, match=r"no drill storms; there are: control, .*duplicates"):
        named(["control", "storms"])


def test_portions_hold_every_event_once_and_none_is_empty() -> None:
    events = synthetic(10, 1, START)
    dealt = portions(events, 4)
    assert sorted(event.event_id for portion in dealt for event in portion) == sorted(e.event_id for e in events)
    assert [len(portion) for portion in portions(events[:2], 4)] == [1, 1]


def test_the_share_that_a_producer_repeats_is_chosen_by_seed() -> None:
    events = synthetic(100, 1, START)
    assert chosen(events, 0.1, 5) == chosen(events, 0.1, 5) != chosen(events, 0.1, 6)
    assert len(chosen(events, 0.1, 5)) == 10


def test_a_small_share_repeats_at_least_one_and_no_share_none() -> None:
    events: list[WorkloadEvent] = synthetic(5, 1, START)
    assert len(chosen(events, 0.01, 1)) == 1
    assert chosen(events, 0.0, 1) == chosen([], 0.5, 1) == []


def test_a_scheduled_event_has_its_time_in_utc_without_fractions() -> None:
    event = scheduled_event(NAMES.planner, START.replace(microsecond=5), "000000000000", "us-east-1")
    assert event["time"] == "2019-11-24T00:00:00Z"
    assert event["detail-type"] == "Scheduled Event"
    assert event["resources"] == ["arn:aws:events:us-east-1:000000000000:rule/wavetank-planner-schedule"]
