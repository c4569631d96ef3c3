"""Which partitions of some hours have changed, and what has to be known to merge each of them."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from wavetank.pipeline.aws import calls, listing
from wavetank.pipeline.aws.listing import HOUR, IDS, PARTS
from wavetank.pipeline.aws.newest import newest
from wavetank.pipeline.aws.tick import BEGINNING
from wavetank.pipeline.core.files.id_index import digest_of_listing, digest_of_surroundings
from wavetank.pipeline.core.route import Partition
from wavetank.pipeline.core.schema import Schema

SEEN = "seen"
"""Metadata of an id index: the surroundings (`digest_of_surroundings`) that its partition was last merged in."""


@dataclass(frozen=True, slots=True)
class Task:
    """A partition to merge; `before`: of each earlier partition in reach that has parts, what is listed there."""

    partition: Partition
    before: Mapping[Partition, str] = field(default_factory=dict)

    def message(self) -> str:
        """The task as a message."""
        return json.dumps(
            {"partition": self.partition.path, "before": {each.path: listed for each, listed in self.before.items()}}
        )

    @classmethod
    def from_message(cls, body: str) -> "Task":
        """The task in a message; raises ConfigurationError or ValueError for anything else."""
        document = json.loads(body)
        before = {Partition.from_path(path): str(listed) for path, listed in document["before"].items()}
        return cls(Partition.from_path(document["partition"]), before)


@dataclass(frozen=True, slots=True)
class Plan:
    """What was found in some hours: how many partitions with parts, and those to merge, the earliest first."""

    partitions: int
    tasks: list[Task]


def plan(bucket: str, hours: Collection[datetime], reach: int, events: Collection[str] = ()) -> Plan:
    """The partitions of `hours`, of all event types or some, that changed, or had a change `reach` hours before."""
    partitions, tasks = 0, list[Task]()
    wanted = {(hour.date().isoformat(), hour.hour) for hour in hours}
    for event in listing.events_with(bucket, PARTS):
        if events and event not in events:
            continue
        listed = _listed(bucket, event, hours, reach)
        inside = sorted(each for each in listed if (each.date, each.hour) in wanted)
        partitions += len(inside)
        if inside:
            tasks += _changed(bucket, inside, listed, reach, newest(event))
    return Plan(partitions, sorted(tasks, key=lambda task: (task.partition.start, task.partition)))


def _listed(bucket: str, event: str, hours: Collection[datetime], reach: int) -> dict[Partition, str]:
    """Of each partition with parts, in `hours` or in reach before them, the digest of what is listed there."""
    if not hours:
        return {}
    first = min(hours)
    back = min(reach, (first - BEGINNING) // HOUR)
    found = listing.found(bucket, PARTS, event, *listing.span_of([first - back * HOUR, *hours]))
    return {
        each: digest_of_listing({str(part["Key"]): str(part["ETag"]) for part in parts})
        for each, parts in found.items()
    }


def _changed(
    bucket: str, inside: list[Partition], listed: Mapping[Partition, str], reach: int, schema: Schema
) -> list[Task]:
    known = listing.found(bucket, IDS, schema.event, *listing.span_of(each.start for each in inside))
    seen = dict(zip(inside, calls.each(lambda each: _seen(bucket, each) if each in known else "", inside), strict=True))
    tasks = []
    for each in inside:
        before = {one: listed[one] for one in listing.earlier(each, reach) if one in listed}
        if seen[each] != surroundings(schema, listed[each], before):
            tasks.append(Task(each, before))
    return tasks


def surroundings(schema: Schema, own: str, before: Mapping[Partition, str]) -> str:
    """What decides whether a partition has to be looked at again."""
    return digest_of_surroundings(schema.fingerprint, own, {each.path: listed for each, listed in before.items()})


def _seen(bucket: str, partition: Partition) -> str:
    state = calls.head(bucket, listing.ids_key(partition))
    return state.metadata.get(SEEN, "") if state else ""
