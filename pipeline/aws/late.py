"""Parts that came when their hour had left the look-back: kept apart until a back-fill asks for them.

A part of an old hour that was merged stays where it is. What is moved is copied first and removed then, so that it is
in both places at worst; which of the two a back-fill takes makes no difference.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from wavetank.pipeline import layout
from wavetank.pipeline.aws import calls, partitions
from wavetank.pipeline.layout import EVENTS, IDS, LATE, PARTS


@dataclass(frozen=True, slots=True)
class LateParts:
    """How many parts were moved, and how many events are in them."""

    parts: int = 0
    events: int = 0


NONE = LateParts()


def move_to_late(bucket: str, first: datetime) -> LateParts:
    """Move each part of an hour before `first` that is in no merged file to the late ones.

    An id index that is younger than every part of its partition says that all were merged: S3 keeps both times.
    """
    keys: list[str] = []
    for event_type in partitions.event_types(bucket, PARTS):
        parts = partitions.by_partition(bucket, PARTS, event_type, last=first.date().isoformat())
        old = {partition: objects for partition, objects in parts.items() if partition.start < first}
        if not old:
            continue
        dates = partitions.dates_of(partition.start for partition in old)
        indexes = partitions.by_partition(bucket, IDS, event_type, *dates)
        for partition, objects in old.items():
            merged = max(map(_written, indexes.get(partition, [])), default=None)
            if merged is None or any(_written(part) >= merged for part in objects):
                listing = {str(part["Key"]): str(part["ETag"]) for part in objects}
                keys += partitions.stored_index(bucket, partition).index.unmerged(listing)
    return _moved(bucket, keys, LATE)


def restore(bucket: str, hours: Collection[datetime], event_types: Collection[str] = ()) -> LateParts:
    """Move each late part of `hours`, of all event types or some, back to where it is merged from."""
    if not hours:
        return NONE
    dates = partitions.dates_of(hours)
    keys = [
        str(part["Key"])
        for event_type in partitions.event_types(bucket, LATE)
        if not event_types or event_type in event_types
        for partition, parts in partitions.by_partition(bucket, LATE, event_type, *dates).items()
        if partition.start in set(hours)
        for part in parts
    ]
    return _moved(bucket, keys, PARTS)


def _written(item: Mapping[str, object]) -> datetime:
    moment = item["LastModified"]
    return moment if isinstance(moment, datetime) else datetime.max.replace(tzinfo=UTC)


def _moved(bucket: str, keys: list[str], layer: str) -> LateParts:
    """Move objects to another layer, except those that somebody else has moved meanwhile."""

    def move(key: str) -> int:
        state = calls.head(bucket, key)
        if state is None:
            return 0
        target = layout.moved_key(key, layer)
        calls.s3().copy_object(Bucket=bucket, Key=target, CopySource={"Bucket": bucket, "Key": key})
        calls.s3().delete_object(Bucket=bucket, Key=key)
        return int(state.metadata.get(EVENTS, 0))

    counts = calls.in_parallel(move, keys)
    return LateParts(len(counts), sum(counts))
