"""The id indexes in the data bucket: read, brought up to date by whoever needs them, written on condition."""

from dataclasses import dataclass
from io import BytesIO

from wavetank.pipeline.aws import calls
from wavetank.pipeline.aws import listing as layout
from wavetank.pipeline.aws.calls import ABSENT_STATE, State
from wavetank.pipeline.aws.plan import SEEN
from wavetank.pipeline.core.bulk import batch
from wavetank.pipeline.core.bulk.digests import Digests
from wavetank.pipeline.core.files.id_index import IdIndex, digest_of_listing
from wavetank.pipeline.core.route import Partition
from wavetank.pipeline.core.schema import Schema

LISTED = "listed"
"""Metadata of an id index: the listing (`digest_of_listing`) of the parts that it was made from."""


@dataclass(frozen=True, slots=True)
class Held:
    """An index, and the state of its object when it was read."""

    index: IdIndex
    state: State = ABSENT_STATE

    @property
    def listed(self) -> str:
        """The listing that it was made from."""
        return self.state.metadata.get(LISTED, "")


@dataclass(frozen=True, slots=True)
class Note:
    """What is written down with an index: the listing it was made from, and what was looked at."""

    listed: str
    seen: str = ""


def held(bucket: str, partition: Partition) -> Held:
    """The index of a partition as it is; an empty one where there is none."""
    found = calls.fetch(bucket, layout.ids_key(partition))
    return Held(IdIndex.unpack(found.data), found.state) if found else Held(IdIndex())


def as_of(bucket: str, partition: Partition, listed: str, schema: Schema) -> Held:
    """The index of an earlier partition, where it is older than its parts brought up to date with them."""
    known = held(bucket, partition)
    if known.listed == listed:
        return known
    listing = layout.listing(bucket, partition)
    now = digest_of_listing(listing)
    if known.listed == now:
        return known
    fresh = [
        records.digests.unique()
        for key in known.index.unmerged(listing)
        for records in batch.read(calls.get_object(bucket, key), schema)
    ]
    ids = Digests.joined([known.index.digests, *fresh]).unique()
    return Held(IdIndex(known.index.inputs, ids), State("", {LISTED: now}))


def save(bucket: str, partition: Partition, index: Held, note: Note) -> None:
    """Write an index where it, or what is noted with it, has changed, and nobody else has written it since."""
    metadata = {LISTED: note.listed, SEEN: note.seen}
    if index.state.metadata == metadata:
        return
    calls.replace(bucket, layout.ids_key(partition), BytesIO(index.index.pack()), index.state, metadata)
