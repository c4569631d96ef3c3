"""What keeps a component from being deployed: settings that contradict each other, and changes that would do harm.

Pure rules over settings; `emulator.deploy` asks them with what is deployed and what is at rest. All other settings may
change at any time, under traffic as well.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from wavetank.pipeline.components.model import Component, StreamMode
from wavetank.pipeline.errors import ConfigurationError

DAY_H = 24
MINUTE_S = 60
KEPT = {"hash_buckets", "look_back_hours", "stream"}
"""The settings of which it has to be known later what they were when they were deployed."""
SCALING = 2
"""Kinesis at most doubles or halves the shards in one go (Kinesis API reference, "UpdateShardCount")."""


class Acceptance(StrEnum):
    """A change that is refused until somebody says that it is meant; the value is the option that says so."""

    LOOK_BACK = "--accept-look-back"


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason not to deploy: the event type, a sentence with the way out, and what accepts it if anything does."""

    event_type: str
    sentence: str
    accepted_by: Acceptance | None = None

    def __str__(self) -> str:
        option = f"; with {self.accepted_by} it is done" if self.accepted_by else ""
        return f"{self.event_type}: {self.sentence}{option}"


def document_of(component: Component) -> bytes:
    """The settings of a component that are kept when it is deployed, as JSON."""
    return component.model_dump_json(include=KEPT).encode()


def from_document(document: bytes) -> Component:
    """The settings of a document that was kept, also by another release; raises ConfigurationError."""
    try:
        settings = json.loads(document)
        kept = {key: settings[key] for key in KEPT & settings.keys()}
        return Component.model_validate_json(json.dumps(kept))
    except (ValueError, AttributeError) as error:
        raise ConfigurationError(f"what is kept of a component in the registry is no such document: {error}") from error


def contradictions(component: Component) -> Iterator[str]:
    """Why settings cannot go together, each with the keys that it takes to mend it."""
    stream, give_up = component.stream, component.processor.give_up_hours
    if stream.retention_hours <= give_up:
        yield (
            f"stream.retention_hours is {stream.retention_hours} and processor.give_up_hours {give_up}: what is given "
            "up would be gone from the stream before it can be set aside; keep it for longer, or give up sooner"
        )
    needed = 2 * component.look_back_hours
    for key, days in (("chunk_days", component.expiry.chunk_days), ("part_days", component.expiry.part_days)):
        if days * DAY_H <= needed:
            yield (
                f"expiry.{key} is {days} and look_back_hours {component.look_back_hours}: a file is needed for up to "
                f"twice the look-back, {needed} hours; set {key} to {needed // DAY_H + 1} at least"
            )
    gathered_s, age = component.delivery.buffer_s, component.alarms.delivery_age_minutes
    if age * MINUTE_S <= gathered_s:
        yield (
            f"alarms.delivery_age_minutes is {age} and delivery.buffer_s {gathered_s}: the alarm would ring for "
            f"records that are only gathered; set it to {gathered_s // MINUTE_S + 1} at least"
        )


def changes(event_type: str, before: Component | None, after: Component, *, at_rest: bool) -> list[Finding]:
    """What a change of settings would do to what is there; `before` is None where the event type was never deployed.

    at_rest: whether there are chunks, parts or merged files of the event type.
    """
    return list(_changes(event_type, before, after, at_rest)) if before is not None else []


def _changes(event_type: str, before: Component, after: Component, at_rest: bool) -> Iterator[Finding]:
    if at_rest and before.hash_buckets != after.hash_buckets:
        yield Finding(
            event_type,
            f"hash_buckets cannot change from {before.hash_buckets} to {after.hash_buckets} while data are at rest: an "
            f"id would be in two buckets, and its copies two events; set it back to {before.hash_buckets}, or give the "
            "event type another name and send what is new to that",
        )
    if at_rest and before.look_back_hours != after.look_back_hours:
        if after.look_back_hours > before.look_back_hours:
            effect = "copies that are two events now become one where their hours are merged again"
        else:
            effect = (
                "copies further apart become two events, and parts of hours that it no longer reaches are kept as late"
            )
        yield Finding(
            event_type,
            f"look_back_hours from {before.look_back_hours} to {after.look_back_hours} changes what is one event: "
            f"{effect}",
            Acceptance.LOOK_BACK,
        )
    yield from _resharding(event_type, before, after)


def _resharding(event_type: str, before: Component, after: Component) -> Iterator[Finding]:
    was, shards = before.stream, after.stream
    if was.mode is not StreamMode.PROVISIONED or shards.mode is not StreamMode.PROVISIONED:
        return
    if shards.shards > was.shards * SCALING:
        step = was.shards * SCALING
    elif shards.shards * SCALING < was.shards:
        step = -(-was.shards // SCALING)
    else:
        return
    yield Finding(
        event_type,
        f"stream.shards cannot go from {was.shards} to {shards.shards} at once, as Kinesis at most doubles or halves "
        f"them; deploy {step} first, or set stream.mode to on-demand",
    )
