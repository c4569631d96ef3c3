"""The outage mode is in every template, changes three things and nothing else, and loses nothing by itself."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.unit.pipeline.test_topology import add_event
from wavetank.pipeline.components.guards import contradictions
from wavetank.pipeline.components.model import Component, Expiry, Processor, Stream
from wavetank.pipeline.names import by_event
from wavetank.pipeline.template.outage import (
    CATCH_UP,
    GIVE_UP_HOURS,
    OFF,
    ON,
    PARAMETER,
    RETENTION_HOURS,
    catch_up_hours,
    without,
)
from wavetank.pipeline.template.render import render, whole
from wavetank.pipeline.topology import Topology, load

HOUR_S, DAY_H = 3600, 24


@pytest.fixture
def deployed(tmp_path: Path) -> Topology:
    for name in ("ping", "pong"):
        add_event(tmp_path / "schemas", name)
    (tmp_path / "schemas" / "ping" / "component.toml").write_text(
        "look_back_hours = 60\n[stream]\nretention_hours = 200\n[processor]\ngive_up_hours = 160\n"
    )
    return load(tmp_path / "schemas")


def resources(deployed: Topology, mode: str | None) -> dict[str, Any]:
    parameters = {} if mode is None else {PARAMETER: mode}
    parts = [without(template["Resources"], parameters) for template in render(deployed).values()]
    return {logical_id: resource for part in parts for logical_id, resource in part.items()}


@pytest.mark.parametrize("mode", [OFF, None])
def test_without_an_outage_all_is_as_it_is_set(deployed: Topology, mode: str | None) -> None:
    usual, wanted = resources(deployed, mode), whole(deployed)["Resources"]
    for logical_id in ("PingRawStream", "PingSource", "PongProcessedStream", "PongSource", "Planner", "Replayer"):
        for name in ("RetentionPeriodHours", "MaximumRecordAgeInSeconds"):
            assert usual[logical_id]["Properties"].get(name) == wanted[logical_id]["Properties"].get(name)
    for function in ("Planner", "Replayer"):
        variables = usual[function]["Properties"]["Environment"]["Variables"]
        assert (variables[CATCH_UP], variables[by_event(CATCH_UP)]) == ("0", "{}")


def test_in_an_outage_records_are_kept_and_tried_and_hours_looked_back_at_for_longer(deployed: Topology) -> None:
    usual, outage = resources(deployed, OFF), resources(deployed, ON)
    differing = {name for name in usual if usual[name] != outage[name]}
    assert differing == {"PongRawStream", "PongProcessedStream", "PongSource", "Planner", "Replayer"}
    assert outage["PongRawStream"]["Properties"]["RetentionPeriodHours"] == 7 * DAY_H
    assert outage["PongSource"]["Properties"]["MaximumRecordAgeInSeconds"] == 6 * DAY_H * HOUR_S
    assert outage["PingRawStream"]["Properties"]["RetentionPeriodHours"] == 200
    for function in ("Planner", "Replayer"):
        variables = outage[function]["Properties"]["Environment"]["Variables"]
        assert variables[CATCH_UP] == str(6 * DAY_H)
        assert json.loads(variables[by_event(CATCH_UP)]) == {"ping": 7 * DAY_H - 60 - 1}
        assert variables["LOOK_BACK_HOURS"] == "12"


def test_every_template_but_that_of_dashboards_can_be_switched(deployed: Topology) -> None:
    names, templates = deployed.names, render(deployed)
    switched = {name for name, template in templates.items() if PARAMETER in template["Parameters"]}
    assert switched == {names.shared_stack, *(names.component_stack(event.name) for event in deployed.events)}
    assert all(templates[name]["Parameters"][PARAMETER]["Default"] == OFF for name in switched)
    assert {name for name, template in templates.items() if "Conditions" in template} == switched


components = st.builds(
    Component,
    stream=st.builds(Stream, retention_hours=st.integers(24, 400)),
    processor=st.builds(Processor, give_up_hours=st.integers(1, 168)),
    look_back_hours=st.integers(1, 336),
    expiry=st.builds(Expiry, chunk_days=st.integers(1, 40), part_days=st.integers(1, 40)),
)


@given(components)
def test_whatever_is_set_no_record_is_forgotten_before_it_is_set_aside_and_no_file_expires_before_it_is_merged(
    component: Component,
) -> None:
    assume(not list(contradictions(component)))
    retention_hours = max(RETENTION_HOURS, component.stream.retention_hours)
    give_up_hours = max(GIVE_UP_HOURS, component.processor.give_up_hours)
    assert retention_hours > give_up_hours
    kept_hours = min(component.expiry.chunk_days, component.expiry.part_days) * DAY_H
    back_hours = max(component.look_back_hours, catch_up_hours(component))
    assert back_hours + component.look_back_hours <= kept_hours
