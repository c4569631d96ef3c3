"""Partitions as they are in the data bucket: their objects by layer, and their id indexes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO

from wavetank.pipeline import layout
from wavetank.pipeline.aws import calls, left_out
from wavetank.pipeline.aws.calls import ABSENT_STATE, State
from wavetank.pipeline.aws.environment import BEGINNING
from wavetank.pipeline.core.bulk.digests import Digests
from wavetank.pipeline.core.files.id_index import IdIndex, Listing, digest_of_left_out, digest_of_listing
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.layout import HOUR, LEFT_OUT, LISTED, MERGED_WITH, Partition

LAST_DATE = "9999-12-31"
LAST = datetime(9999, 12, 31, 23, tzinfo=UTC)
"""The last hour that has a date."""


@dataclass(frozen=True, slots=True)
class StoredIndex:
    """An id index, and the state of its object when it was read."""

    index: IdIndex
    state: State = ABSENT_STATE

    @property
    def listed(self) -> str:
        """The listing that it was made from."""
        return self.state.metadata.get(LISTED, "")

    @property
    def content(self) -> str:
        """All that decides which ids are in it: the listing, and what of that was left out."""
        return self.listed + digest_of_left_out(self.index.left_out)


@dataclass(frozen=True, slots=True)
class IndexMetadata:
    """The metadata of an id index: the listing it was made from, and the inputs it was last merged with."""

    listed: str
    merged_with: str


def by_partition(
    bucket: str, layer: str, event_type: str, first: str = "", last: str = LAST_DATE
) -> dict[Partition, list[Mapping[str, object]]]:
    """The objects of a layer by partition, as a listing describes them, of one event type from `first` to `last`.

    Both are dates, YYYY-MM-DD, and both are included. Keys are in the order of dates: one listing finds them all.
    """
    objects: dict[Partition, list[Mapping[str, object]]] = {}
    folder = f"{layout.type_prefix(layer, event_type)}date="
    for item in calls.objects(bucket, folder, after=f"{folder}{first}"):
        if item["Key"][len(folder) :][: len(last)] > last:
            break
        objects.setdefault(Partition.of_key(item["Key"]), []).append(item)
    return objects


def event_types(bucket: str, layer: str) -> list[str]:
    """The event types that have objects in a layer."""
    return [folder.removeprefix("event=") for folder in calls.folders(bucket, f"{layer}/")]


def earlier(partition: Partition, hours: int) -> list[Partition]:
    """The partitions of the same event type and bucket in so many hours before; none before the year 1."""
    most = min(hours, (partition.start - BEGINNING) // HOUR)
    return [partition.earlier(back) for back in range(1, most + 1)]


def dates_of(hours: Iterable[datetime]) -> tuple[str, str]:
    """The first and the last date that some hours are on; there is at least one hour."""
    dates = {hour.date().isoformat() for hour in hours}
    return min(dates), max(dates)


def parts(bucket: str, partition: Partition) -> Listing:
    """The parts of one partition as they are now."""
    return {part["Key"]: part["ETag"] for part in calls.objects(bucket, layout.parts_prefix(partition))}


def stored_index(bucket: str, partition: Partition) -> StoredIndex:
    """The id index of a partition as it is; an empty one where there is none."""
    stored = calls.fetch(bucket, layout.ids_key(partition))
    return StoredIndex(IdIndex.unpack(stored.data), stored.state) if stored else StoredIndex(IdIndex())


def refreshed_index(bucket: str, partition: Partition, listed: str, schema: Schema) -> StoredIndex:
    """The id index of an earlier partition, refreshed first if parts have arrived since it was written.

    Ids of what cannot be read are not in it: a copy of such an event that comes in a later hour is the one that lands.
    """
    stored = stored_index(bucket, partition)
    if stored.listed == listed:
        return stored
    listing = parts(bucket, partition)
    now = digest_of_listing(listing)
    if stored.listed == now:
        return stored
    fresh = [
        digests for key in stored.index.unmerged(listing) for digests in left_out.ids(bucket, key, listing[key], schema)
    ]
    ids = Digests.joined([stored.index.digests, *fresh]).unique()
    return StoredIndex(IdIndex(stored.index.inputs, ids, stored.index.left_out), State("", {LISTED: now}))


def save_index(bucket: str, partition: Partition, index: StoredIndex, metadata: IndexMetadata) -> None:
    """Write an id index where it, or its metadata, has changed, and nobody else has written it since."""
    entries = {LISTED: metadata.listed, MERGED_WITH: metadata.merged_with}
    if index.index.left_out:
        entries[LEFT_OUT] = digest_of_left_out(index.index.left_out)
    if index.state.metadata != entries:
        body = BytesIO(index.index.pack())
        calls.replace(bucket, layout.ids_key(partition), body, state=index.state, metadata=entries)
