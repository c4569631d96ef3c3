"""Reasons that keep an event type's own code and rules from being deployed, seen without running any of it."""

import json
from collections.abc import Iterator

from wavetank.pipeline.avro.model import InvalidSchema, Record
from wavetank.pipeline.avro.parse import parse
from wavetank.pipeline.avro.rules import UnfitRule, checks_of
from wavetank.pipeline.components import code, requirements
from wavetank.pipeline.components.read import COMPONENT_FILE
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.schemas.shared import SharedTypes
from wavetank.pipeline.topology import EventType, Topology


def problems(planned: Topology) -> Iterator[str]:
    """A sentence for each rule that the own code of an event type breaks, or a rule of its own that does not fit."""
    for event in planned.events:
        yield from event_problems(event, planned)


def event_problems(event: EventType, planned: Topology) -> Iterator[str]:
    """As `problems`, of one event type."""
    if event.code is not None:
        snapshots = {reference.name for reference in planned.references}
        try:
            names = {name for wheel in requirements.locked(event.folder) for name in wheel.imports}
            yield from code.problems(event.code, packages=names, snapshots=snapshots)
        except ConfigurationError as error:
            yield str(error)
    yield from _rule_problems(event)


def _rule_problems(event: EventType) -> Iterator[str]:
    """The rules of a component that do not fit the newest processed schema of the folder."""
    processed = [file for file in event.schemas if file.role == "processed"]
    newest = max(processed, key=lambda file: file.version)
    try:
        avro = parse(json.loads(SharedTypes.beside(event.folder).self_contained(newest.path.read_bytes())))
    except (InvalidSchema, ValueError, RecursionError):
        return  # What is wrong with the schema is told of the schema.
    for number, rule in enumerate(event.component.rules, 1):
        try:
            if isinstance(avro, Record):
                checks_of([rule.model_dump(exclude_none=True)], avro)
        except UnfitRule as error:
            yield f"{event.folder / COMPONENT_FILE}: rules, number {number}: {error}"
