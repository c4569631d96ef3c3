"""Parts that came when their hour had left the look-back: kept under `late/` until a back-fill asks for them.

A part of an old hour that was merged stays where it is. What is moved is copied first and removed then, so that it is
in both places at worst; which of the two a back-fill takes makes no difference.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from wavetank.pipeline.aws import calls, listing
from wavetank.pipeline.aws.listing import IDS, LATE, PARTS
from wavetank.pipeline.core.files.id_index import IdIndex
from wavetank.pipeline.core.route import Partition

EVENTS = "events"
"""Metadata of a part: how many events are in it."""


@dataclass(frozen=True, slots=True)
class Moved:
    """How many parts were moved, and how many events are in them."""

    parts: int = 0
    events: int = 0


NONE = Moved()


def set_aside(bucket: str, first: datetime) -> Moved:
    """Move each part of an hour before `first` that is in no merged file to `late/`."""
    keys = [
        key
        for event in listing.events_with(bucket, PARTS)
        for partition, parts in _old(bucket, event, first)
        for key in _unmerged(bucket, partition, parts)
    ]
    return _moved(bucket, keys, LATE)


def bring_back(bucket: str, hours: Collection[datetime], events: Collection[str] = ()) -> Moved:
    """Move each late part of `hours`, of all event types or some, back to where it is merged from."""
    if not hours:
        return NONE
    keys = [
        str(part["Key"])
        for event in listing.events_with(bucket, LATE)
        if not events or event in events
        for partition, parts in listing.found(bucket, LATE, event, *listing.span_of(hours)).items()
        if partition.start in set(hours)
        for part in parts
    ]
    return _moved(bucket, keys, PARTS)


def _old(bucket: str, event: str, first: datetime) -> Iterator[tuple[Partition, list[Mapping[str, object]]]]:
    """The partitions before `first` with a part that may have come after they were merged for the last time.

    An index that is younger than every part says that all were merged: S3 keeps both times.
    """
    found = listing.found(bucket, PARTS, event, last=first.date().isoformat())
    old = {partition: parts for partition, parts in found.items() if partition.start < first}
    indexes = listing.found(bucket, IDS, event, *listing.span_of(each.start for each in old)) if old else {}
    for partition, parts in old.items():
        merged = max((_written(index) for index in indexes.get(partition, [])), default=None)
        if merged is None or any(_written(part) >= merged for part in parts):
            yield partition, parts


def _written(item: Mapping[str, object]) -> datetime:
    moment = item["LastModified"]
    return moment if isinstance(moment, datetime) else datetime.max.replace(tzinfo=UTC)


def _unmerged(bucket: str, partition: Partition, parts: list[Mapping[str, object]]) -> list[str]:
    held = calls.fetch(bucket, listing.ids_key(partition))
    index = IdIndex.unpack(held.data) if held else IdIndex()
    return index.unmerged({str(part["Key"]): str(part["ETag"]) for part in parts})


def _moved(bucket: str, keys: list[str], to: str) -> Moved:
    counts = calls.each(lambda key: _move(bucket, key, f"{to}/{key.partition('/')[2]}"), keys)
    return Moved(len(counts), sum(counts))


def _move(bucket: str, key: str, to: str) -> int:
    """Move one object; the number of events in it, none where somebody else has moved it meanwhile."""
    state = calls.head(bucket, key)
    if state is None:
        return 0
    calls.s3().copy_object(Bucket=bucket, Key=to, CopySource={"Bucket": bucket, "Key": key})
    calls.s3().delete_object(Bucket=bucket, Key=key)
    return int(state.metadata.get(EVENTS, 0))
