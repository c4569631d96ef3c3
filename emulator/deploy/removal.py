"""CloudFormation stacks of event types that are not in the schema folder any more: told of, and removed when asked.

A deployment leaves them: they go on delivering what is put on their streams. What is at rest stays in any case.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from wavetank.emulator.deploy import formation
from wavetank.emulator.deploy.formation import Formation
from wavetank.emulator.errors import CallerError, DeployFailed, StackError
from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline.layout import AVRO, IDS, LATE, PARQUET, PARTS, QUARANTINE, chunk_prefix, type_prefix
from wavetank.pipeline.names import Names
from wavetank.pipeline.topology import Topology

LAYERS = (PARTS, LATE, AVRO, PARQUET, IDS, QUARANTINE)
MOST_COUNTED = 10_000
PENDING_S = 5.0
"""How long a removal waits for what is on its way to be delivered."""


@dataclass(frozen=True)
class Leftover:
    """An event type that is deployed and not in the schema folder: its stack, and what of it is at rest.

    at_rest: prefix in the data bucket → number of objects, counted up to `MOST_COUNTED`.
    """

    event_type: str
    stack: str
    at_rest: dict[str, int]

    def document(self) -> dict[str, Any]:
        """The event type as JSON has it."""
        return {"event": self.event_type, "stack": self.stack, "at_rest": self.at_rest}

    def __str__(self) -> str:
        counts = [
            f"{prefix} ({count:,}{'+' if count >= MOST_COUNTED else ''})" for prefix, count in self.at_rest.items()
        ]
        stays = f"at rest, and staying there: {', '.join(counts)}" if counts else "nothing of it is at rest"
        return (
            f"{self.event_type} is not in the schema folder any more; its stack {self.stack} stays, and goes on "
            f"delivering what is put on its streams; {stays}. Remove it: `wavetank deploy --remove {self.event_type}`"
        )


def leftovers(stack: Stack, planned: Topology) -> tuple[Leftover, ...]:
    """The event types that are deployed in the stage and not in its topology."""
    names = planned.names
    there = formation.components(stack, names.prefix)
    gone = sorted(there.keys() - {event.name for event in planned.events})
    return tuple(Leftover(event_type, there[event_type], at_rest(stack, names, event_type)) for event_type in gone)


def at_rest(stack: Stack, names: Names, event_type: str) -> dict[str, int]:
    """The number of objects of an event type below each prefix of the data bucket that has any."""
    pages, bucket = stack.client("s3").get_paginator("list_objects_v2"), names.data_bucket(stack.account)
    counts = {}
    for prefix in (chunk_prefix(event_type), *(type_prefix(layer, event_type) for layer in LAYERS)):
        keys = (
            entry["Key"] for page in pages.paginate(Bucket=bucket, Prefix=prefix) for entry in page.get("Contents", [])
        )
        if count := sum(1 for _ in islice(keys, MOST_COUNTED)):
            counts[prefix] = count
    return counts


def remove(stack: Stack, planned: Topology, event_types: Sequence[str], *, allow_loss: bool = False) -> list[Leftover]:
    """Delete the CloudFormation stacks of event types that are not in the topology any more; each with what stays.

    Raises CallerError for one that is in the folder, or not deployed, and, before anything is deleted, DeployFailed
    where records on its streams may not be delivered yet, unless their loss is allowed.
    """
    names = planned.names
    there = formation.components(stack, names.prefix)
    for event_type in event_types:
        if event_type in {event.name for event in planned.events}:
            raise CallerError(
                f"{event_type} is in the schema folder: the next deployment would bring it back.",
                "Take its folder away first.",
            )
        if event_type not in there:
            known = ", ".join(there) or "none"
            raise CallerError(f"no stack of an event type {event_type} is deployed; there are: {known}.")
    if not allow_loss:
        reasons = [reason for event_type in event_types if (reason := _undelivered(stack, names, event_type))]
        if reasons:
            raise DeployFailed(
                "\n".join(reasons), "Let them be delivered (`wavetank settle`), or give them up with --allow-loss."
            )
    removed = []
    for event_type in event_types:
        Formation(stack, there[event_type]).delete()
        removed.append(Leftover(event_type, there[event_type], at_rest(stack, names, event_type)))
    return removed


def _undelivered(stack: Stack, names: Names, event_type: str) -> str:
    """Why records of an event type may be lost with its streams; empty where all are delivered."""
    resources = {
        names.raw_stream(event_type),
        names.processed_stream(event_type),
        names.delivery_stream(event_type),
        names.processor(event_type),
    }
    try:
        pending = [item for item in stack.control.pending(PENDING_S, telemetry=False) if item.resource in resources]
    except StackError:
        return f"it cannot be told here whether every record of {event_type} has been delivered."
    if not pending:
        return ""
    whats = "; ".join(f"{item.resource}: {item.what}" for item in pending)
    return f"records of {event_type} are not delivered yet: {whats}."
