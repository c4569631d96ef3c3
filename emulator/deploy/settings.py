"""Settings of components on a stack: what they were when they were deployed, and whether they may become what they are.

What runs is asked first: the environments of the shared functions are the settings by which data come to rest, also
where a deployment was cut short. What is kept in the registry beside it is known of event types that do not run now.
"""

import json
from collections.abc import Collection
from dataclasses import replace

from botocore.exceptions import ClientError

from wavetank.emulator.deploy import functions
from wavetank.emulator.deploy.publishing import ABSENT, Registry
from wavetank.emulator.errors import DeployFailed
from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline import layout
from wavetank.pipeline.components import guards
from wavetank.pipeline.components.guards import Acceptance
from wavetank.pipeline.components.model import Component
from wavetank.pipeline.layout import AVRO, LATE, PARTS
from wavetank.pipeline.names import Names, by_event
from wavetank.pipeline.topology import EventType, Topology

MEND = "Mend the settings and run the command again; nothing was changed."


def check(stack: Stack, planned: Topology, accepted: Collection[Acceptance] = ()) -> None:
    """Raise DeployFailed, with the way out, where settings change so that it would do harm to what is there."""
    variables = {
        each["FunctionName"]: each.get("Environment", {}).get("Variables", {})
        for each in functions.configurations(stack)
    }
    refused = [
        str(finding)
        for event in planned.events
        for finding in guards.changes(
            event.name,
            _before(stack, event, planned.names, variables),
            event.component,
            at_rest=_is_at_rest(stack, event, planned.names),
        )
        if finding.accepted_by is None or finding.accepted_by not in accepted
    ]
    if refused:
        raise DeployFailed("\n".join(refused), MEND)


def keep(stack: Stack, planned: Topology) -> None:
    """Keep the settings that every event type was deployed with, in the registry."""
    registry = Registry(stack, planned.names)
    for event in planned.events:
        registry.replace(layout.component_key(event.name), guards.document_of(event.component))


def with_departed(stack: Stack, planned: Topology) -> Topology:
    """The topology with the event types that were deployed and are in the folder no more, by what is kept of them.

    Raises ConfigurationError.
    """
    registry = Registry(stack, planned.names)
    try:
        keys = registry.keys(f"{layout.COMPONENTS}/")
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return planned
        raise
    there = {layout.component_key(event.name) for event in planned.events}
    departed = {
        key.rpartition("/")[2].removesuffix(".json"): guards.from_document(document)
        for key in keys
        if key not in there and (document := registry.get(key)) is not None
    }
    return replace(planned, departed=departed)


def _before(stack: Stack, event: EventType, names: Names, variables: dict[str, dict[str, str]]) -> Component | None:
    """The settings that an event type has on the stack, or had; None where it was never there.

    variables: of each function that runs, its environment.
    """
    document = Registry(stack, names).get(layout.component_key(event.name))
    kept = guards.from_document(document) if document is not None else None
    if event.processor not in variables:
        return kept
    running = {
        "hash_buckets": _number(variables.get(names.partitioner, {}), "HASH_BUCKETS", event.name),
        "look_back_hours": _number(variables.get(names.planner, {}), "LOOK_BACK_HOURS", event.name),
    }
    known = {name: value for name, value in running.items() if value is not None}
    return (kept or Component()).model_copy(update=known)


def _number(variables: dict[str, str], name: str, event_type: str) -> int | None:
    """A number of an event type in an environment; None where it has none that is one."""
    try:
        value = json.loads(variables.get(by_event(name), "{}")).get(event_type, variables.get(name))
        return None if value is None else int(value)
    except (ValueError, AttributeError):
        return None


def _is_at_rest(stack: Stack, event: EventType, names: Names) -> bool:
    """Whether there are chunks of an event type, or what came of them: a chunk may be partitioned at any moment."""
    layers = (layout.type_prefix(layer, event.name) for layer in (PARTS, LATE, AVRO))
    s3, bucket = stack.client("s3"), names.data_bucket(stack.account)
    try:
        return any(
            s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1).get("KeyCount", 0)
            for prefix in (event.chunk_prefix, *layers)
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT:
            return False
        raise
