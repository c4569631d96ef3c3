"""Partitions of some hours that have changed, and what has to be known to merge each of them."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from wavetank.pipeline import layout
from wavetank.pipeline.aws import calls, partitions
from wavetank.pipeline.aws.schemas import newest
from wavetank.pipeline.aws.tick import BEGINNING
from wavetank.pipeline.core.files.id_index import digest_of_listing, digest_of_merge_inputs
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.layout import HOUR, IDS, MERGED_WITH, PARTS, Partition


@dataclass(frozen=True, slots=True)
class Task:
    """A partition to merge; `before`: of each earlier partition in reach that has parts, what is listed there."""

    partition: Partition
    before: Mapping[Partition, str] = field(default_factory=dict)

    def message(self) -> str:
        """The task as a message."""
        before = {partition.path: listed for partition, listed in self.before.items()}
        return json.dumps({"partition": self.partition.path, "before": before})

    @classmethod
    def from_message(cls, body: str) -> "Task":
        """The task in a message; raises ConfigurationError or ValueError for anything else."""
        document = json.loads(body)
        before = {Partition.from_path(path): str(listed) for path, listed in document["before"].items()}
        return cls(Partition.from_path(document["partition"]), before)


@dataclass(frozen=True, slots=True)
class Plan:
    """The number of partitions with parts in some hours, and those of them to merge, the earliest first."""

    partitions: int
    tasks: list[Task]


def plan(bucket: str, hours: Collection[datetime], reach: int, event_types: Collection[str] = ()) -> Plan:
    """The partitions of `hours`, of all event types or some, that changed, or had a change `reach` hours before."""
    if not hours:
        return Plan(0, [])
    count, tasks = 0, list[Task]()
    dated_hours = {(hour.date().isoformat(), hour.hour) for hour in hours}
    first = min(hours)
    dates = partitions.dates_of([first - min(reach, (first - BEGINNING) // HOUR) * HOUR, *hours])
    for event_type in partitions.event_types(bucket, PARTS):
        if event_types and event_type not in event_types:
            continue
        listed = {
            partition: digest_of_listing({str(part["Key"]): str(part["ETag"]) for part in parts})
            for partition, parts in partitions.by_partition(bucket, PARTS, event_type, *dates).items()
        }
        inside = sorted(partition for partition in listed if (partition.date, partition.hour) in dated_hours)
        count += len(inside)
        if inside:
            tasks += _changed(bucket, inside, listed, reach=reach, schema=newest(event_type))
    return Plan(count, sorted(tasks, key=lambda task: (task.partition.start, task.partition)))


def _changed(
    bucket: str, inside: list[Partition], listed: Mapping[Partition, str], *, reach: int, schema: Schema
) -> list[Task]:
    """The tasks of those partitions whose inputs are not the ones that they were last merged with.

    `listed`: of each partition with parts, in the hours or in reach before them, the digest of what is listed there.
    """
    dates = partitions.dates_of(partition.start for partition in inside)
    indexed = partitions.by_partition(bucket, IDS, schema.event_type, *dates)

    def merged_with(partition: Partition) -> str:
        state = calls.head(bucket, layout.ids_key(partition)) if partition in indexed else None
        return state.metadata.get(MERGED_WITH, "") if state else ""

    tasks = []
    for partition, last in zip(inside, calls.in_parallel(merged_with, inside), strict=True):
        before = {
            neighbour: listed[neighbour] for neighbour in partitions.earlier(partition, reach) if neighbour in listed
        }
        if last != merge_inputs(schema, listed[partition], before):
            tasks.append(Task(partition, before))
    return tasks


def merge_inputs(schema: Schema, own: str, before: Mapping[Partition, str]) -> str:
    """The digest of everything that decides whether a partition has to be merged again."""
    earlier = {partition.path: listed for partition, listed in before.items()}
    return digest_of_merge_inputs(schema.fingerprint, own, earlier)
