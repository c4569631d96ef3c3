"""The outage mode: what a stage has otherwise while an outage lasts, by a parameter of its CloudFormation stacks.

Streams keep records for a week, failing batches are tried for six days of it before they are set aside, and hours as
old as that are merged. Each number is in the templates beside the usual one: an update of the parameter alone puts it
in force, and back. Whatever else is deployed stays, and a deployment in between leaves it in force.

What is one event does not change with it: copies are told by the look-back of their event type (docs/components.md).
"""

import json
from collections.abc import Mapping
from typing import Any

from wavetank.pipeline.components.model import Component
from wavetank.pipeline.names import by_event
from wavetank.pipeline.topology import Topology

PARAMETER = "OutageMode"
ON, OFF = "ON", "OFF"
CONDITION = "IsOutage"
CATCH_UP = "CATCH_UP_HOURS"
"""The variable of planner and replayer: so far back they look, where that is further than the look-back."""

RETENTION_HOURS = 7 * 24
"""A week: what is kept for longer costs by the month (Kinesis developer guide, "Change the data retention period")."""
GIVE_UP_HOURS = 6 * 24
"""A day less, in which what was given up can be fetched from the stream."""
DAY_H = 24
HOUR_S = 3600

PARAMETERS: dict[str, dict[str, Any]] = {
    PARAMETER: {
        "Type": "String",
        "AllowedValues": [ON, OFF],
        "Default": OFF,
        "Description": "ON while an outage lasts: records are kept and tried for longer, and older hours merged.",
    }
}
CONDITIONS: dict[str, Any] = {CONDITION: {"Fn::Equals": [{"Ref": PARAMETER}, ON]}}


def with_choices(resources: Mapping[str, Any], deployed: Topology) -> dict[str, Any]:
    """The resources of a topology, with what holds in an outage beside each number that is another then."""
    return {logical_id: _with_choices(resource, deployed) for logical_id, resource in resources.items()}


def _with_choices(resource: Mapping[str, Any], deployed: Topology) -> dict[str, Any]:
    properties = resource.get("Properties", {})
    own: dict[str, Any] = {}
    match resource["Type"], properties:
        case "AWS::Kinesis::Stream", {"RetentionPeriodHours": int(usual)}:
            own["RetentionPeriodHours"] = _during(max(RETENTION_HOURS, usual), usual)
        case "AWS::Lambda::EventSourceMapping", {"MaximumRecordAgeInSeconds": int(usual)}:
            own["MaximumRecordAgeInSeconds"] = _during(max(GIVE_UP_HOURS * HOUR_S, usual), usual)
        case "AWS::Lambda::Function", {"Environment": {"Variables": variables}} if CATCH_UP in variables:
            own["Environment"] = {"Variables": variables | _catch_up(deployed)}
    return {**resource, "Properties": {**properties, **own}} if own else dict(resource)


def _during(outage: Any, usual: Any) -> Any:
    """A value that is another while an outage lasts; the usual one where both are the same."""
    return usual if outage == usual else {"Fn::If": [CONDITION, outage, usual]}


def without(value: Any, parameters: Mapping[str, str] | None = None) -> Any:
    """A part of a template with what holds, by the values of parameters, in the place of every choice."""
    match value:
        case {"Fn::If": [str(name), outage, usual]} if name == CONDITION:
            return without(outage if (parameters or {}).get(PARAMETER) == ON else usual, parameters)
        case dict():
            return {key: without(part, parameters) for key, part in value.items()}
        case list():
            return [without(part, parameters) for part in value]
    return value


def _catch_up(deployed: Topology) -> dict[str, Any]:
    """The variables that say how far back planner and replayer look in an outage: what is usual, and what others have.

    Of an event type that looks back further the look-back holds.
    """
    usual = catch_up_hours(deployed.default)
    components = {event.name: event.component for event in deployed.events} | dict(deployed.departed)
    hours = {name: catch_up_hours(component) for name, component in components.items()}
    own = {name: number for name, number in hours.items() if number != usual}
    variables = {CATCH_UP: _during(str(usual), "0")}
    return variables | ({by_event(CATCH_UP): _during(json.dumps(own, separators=(",", ":")), "{}")} if own else {})


def catch_up_hours(component: Component) -> int:
    """How far back can be merged: a part must not expire before.

    It is an input of hours up to a look-back later, each of which is merged for as long as it is looked back at.
    """
    kept_hours = min(component.expiry.chunk_days, component.expiry.part_days) * DAY_H
    return min(GIVE_UP_HOURS, kept_hours - component.look_back_hours - 1)
