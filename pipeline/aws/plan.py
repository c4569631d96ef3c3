"""Partitions of some hours that have changed, what has to be known to merge each of them, and parts that came late.

A part that came when its hour had left the look-back is kept apart until a back-fill asks for it; one of an old hour
that was merged stays where it is. What is put aside is copied first and removed then. What is put back is copied, and
removed from the late ones when it is merged and not before: a planner may put it aside again meanwhile, and each would
remove the other's copy. So a part is in both places at worst; which of the two a back-fill takes makes no difference.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from wavetank.pipeline import layout
from wavetank.pipeline.aws import calls, partitions
from wavetank.pipeline.aws.calls import State
from wavetank.pipeline.aws.environment import BEGINNING
from wavetank.pipeline.aws.schemas import newest
from wavetank.pipeline.core.files.id_index import Listing, digest_of_listing, digest_of_merge_inputs
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.layout import EVENTS, HOUR, IDS, LATE, LEFT_OUT, MERGED_WITH, PARTS, Partition


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

    @classmethod
    def joined(cls, plans: Iterable["Plan"]) -> "Plan":
        """One plan of several."""
        every = list(plans)
        tasks = sorted(
            (task for each in every for task in each.tasks), key=lambda task: (task.partition.start, task.partition)
        )
        return cls(sum(each.partitions for each in every), tasks)


@dataclass(frozen=True, slots=True)
class LateParts:
    """How many parts were moved, and how many events are in them; `restored`: key → ETag of those put back."""

    parts: int = 0
    events: int = 0
    restored: Listing = field(default_factory=dict)

    def __add__(self, other: "LateParts") -> "LateParts":
        return LateParts(self.parts + other.parts, self.events + other.events, {**self.restored, **other.restored})


def plan(bucket: str, event_type: str, hours: Collection[datetime], reach: int) -> Plan:
    """The partitions of `hours` of an event type that changed, or had a change up to `reach` hours before."""
    if not hours:
        return Plan(0, [])
    dated_hours = {(hour.date().isoformat(), hour.hour) for hour in hours}
    first = min(hours)
    dates = partitions.dates_of([first - min(reach, (first - BEGINNING) // HOUR) * HOUR, *hours])
    listed = {
        partition: digest_of_listing({str(part["Key"]): str(part["ETag"]) for part in parts})
        for partition, parts in partitions.by_partition(bucket, PARTS, event_type, *dates).items()
    }
    inside = sorted(partition for partition in listed if (partition.date, partition.hour) in dated_hours)
    if not inside:
        return Plan(0, [])
    return Plan(len(inside), _changed(bucket, inside, listed, reach=reach, schema=newest(event_type)))


def _changed(
    bucket: str, inside: list[Partition], listed: Mapping[Partition, str], *, reach: int, schema: Schema
) -> list[Task]:
    """The tasks of those partitions whose inputs are not the ones that they were last merged with.

    `listed`: of each partition with parts, in the hours or in reach before them, the digest of what is listed there.
    What was left out of an earlier partition is an input as well: its ids are free for a later hour.
    """
    indexed = partitions.by_partition(bucket, IDS, schema.event_type, *partitions.dates_of(at.start for at in listed))

    def metadata(partition: Partition) -> Mapping[str, str]:
        state = calls.head(bucket, layout.ids_key(partition)) if partition in indexed else None
        return state.metadata if state else {}

    indexes = dict(zip(listed, calls.in_parallel(metadata, list(listed)), strict=True))
    tasks = []
    for partition in inside:
        before = {
            neighbour: listed[neighbour] for neighbour in partitions.earlier(partition, reach) if neighbour in listed
        }
        content = {neighbour: own + indexes[neighbour].get(LEFT_OUT, "") for neighbour, own in before.items()}
        if indexes[partition].get(MERGED_WITH, "") != merge_inputs(schema, listed[partition], content):
            tasks.append(Task(partition, before))
    return tasks


def merge_inputs(schema: Schema, own: str, before: Mapping[Partition, str]) -> str:
    """The digest of everything that decides whether a partition has to be merged again.

    `own`: what is listed in it; `before`: of each earlier partition in reach what is, and what was left out of it.
    """
    earlier = {partition.path: listed for partition, listed in before.items()}
    return digest_of_merge_inputs(schema.fingerprint, own, earlier)


def move_to_late(bucket: str, event_type: str, first: datetime) -> LateParts:
    """Move each part of an hour before `first` that is in no merged file to the late ones.

    An id index that is younger than every part of its partition says that all were merged: S3 keeps both times.
    """
    parts = partitions.by_partition(bucket, PARTS, event_type, last=first.date().isoformat())
    old = {partition: objects for partition, objects in parts.items() if partition.start < first}
    if not old:
        return LateParts()
    keys: list[str] = []
    dates = partitions.dates_of(partition.start for partition in old)
    indexes = partitions.by_partition(bucket, IDS, event_type, *dates)
    for partition, objects in old.items():
        merged = max(map(_written, indexes.get(partition, [])), default=None)
        if merged is None or any(_written(part) >= merged for part in objects):
            listing = {str(part["Key"]): str(part["ETag"]) for part in objects}
            keys += partitions.stored_index(bucket, partition).index.unmerged(listing)

    def move(key: str) -> tuple[str, int] | None:
        copy = _copied(bucket, key, LATE)
        if copy is not None:
            calls.s3().delete_object(Bucket=bucket, Key=key)
        return copy

    moved = [copy for copy in calls.in_parallel(move, keys) if copy is not None]
    return LateParts(len(moved), sum(events for _, events in moved))


def restore(bucket: str, event_type: str, hours: Collection[datetime]) -> LateParts:
    """Copy each late part of `hours` of an event type back to where it is merged from.

    One that is there already, from a back-fill that broke off, keeps the tag that it is merged.
    """
    if not hours:
        return LateParts()
    dates, asked = partitions.dates_of(hours), frozenset(hours)
    keys = [
        str(part["Key"])
        for partition, parts in partitions.by_partition(bucket, LATE, event_type, *dates).items()
        if partition.start in asked
        for part in parts
    ]

    def put_back(key: str) -> tuple[str, int] | None:
        there = calls.head(bucket, layout.moved_key(key, PARTS))
        return (there.etag, _events(there)) if there is not None else _copied(bucket, key, PARTS)

    copies = calls.in_parallel(put_back, keys)
    restored = {layout.moved_key(key, PARTS): copy for key, copy in zip(keys, copies, strict=True) if copy is not None}
    events = sum(events for _, events in restored.values())
    return LateParts(len(restored), events, {key: etag for key, (etag, _) in restored.items()})


def remove_landed(bucket: str, restored: Listing) -> None:
    """Remove from the late parts those that were put back (key → ETag) and are merged by now, or left out of that."""
    listings: dict[Partition, dict[str, str]] = {}
    for key, etag in restored.items():
        listings.setdefault(Partition.of_key(key), {})[key] = etag

    def remove(partition: Partition) -> None:
        listing = listings[partition]
        unmerged = partitions.stored_index(bucket, partition).index.unmerged(listing)
        for key in sorted(listing.keys() - set(unmerged)):
            calls.s3().delete_object(Bucket=bucket, Key=layout.moved_key(key, LATE))

    calls.in_parallel(remove, list(listings))


def _written(item: Mapping[str, object]) -> datetime:
    moment = item["LastModified"]
    return moment if isinstance(moment, datetime) else datetime.max.replace(tzinfo=UTC)


def _copied(bucket: str, key: str, layer: str) -> tuple[str, int] | None:
    """The ETag of the copy of a part in another layer, and how many events are in it; None where it is gone."""
    state = calls.head(bucket, key)
    if state is None:
        return None
    try:
        copy = calls.s3().copy_object(
            Bucket=bucket, Key=layout.moved_key(key, layer), CopySource={"Bucket": bucket, "Key": key}
        )
    except ClientError as error:
        if calls.code(error) in calls.ABSENT:
            return None
        raise
    return copy["CopyObjectResult"]["ETag"], _events(state)


def _events(part: State) -> int:
    """The number of events in a part, by its metadata."""
    return int(part.metadata.get(EVENTS, 0))
