"""Batches of records with the time and id of each, which is all that merging needs to know of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from wavetank.pipeline.avro.events import ID_FIELD, TIME_FIELD
from wavetank.pipeline.core.bulk import parse
from wavetank.pipeline.core.bulk.digests import Digests
from wavetank.pipeline.core.bulk.values import Bodies, Ints, NotBulkParsable, Numbers, Slices, padded
from wavetank.pipeline.core.decode import UNENCODABLE, decode, encode
from wavetank.pipeline.core.files import avro_file
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.records import Event, Rejection


@dataclass(frozen=True, slots=True)
class Batch:
    """Events: their bodies, back to back; their times in microseconds; where their ids are; the digests of these."""

    bodies: Bodies
    times: Ints
    ids: Slices
    digests: Digests

    def __len__(self) -> int:
        return len(self.times)

    @property
    def size(self) -> int:
        """Bytes of the bodies."""
        return int(self.bodies.ends[-1] - self.bodies.starts[0]) if len(self) else 0

    def id_at(self, index: int) -> bytes:
        """The id of one event, in UTF-8."""
        start = int(self.ids.starts[index])
        return self.bodies.data[start : start + int(self.ids.sizes[index])].tobytes()

    def take(self, indices: Ints) -> "Batch":
        """The events at `indices`, in that order."""
        starts, ends = self.bodies.starts[indices], self.bodies.ends[indices]
        data = self.bodies.data.tobytes()
        body = b"".join([data[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)])
        after = np.cumsum(ends - starts)
        moved = Bodies(padded(body), after - (ends - starts), after)
        ids = Slices(self.ids.starts[indices] - starts + moved.starts, self.ids.sizes[indices])
        return Batch(moved, self.times[indices], ids, self.digests.take(indices))


def joined(batches: Sequence[Batch]) -> Batch:
    """All of `batches`, one after another."""
    if len(batches) == 1:
        return batches[0]
    firsts = [int(batch.bodies.starts[0]) if len(batch) else 0 for batch in batches]
    whole = b"".join(
        batch.bodies.data[first : first + batch.size].tobytes() for batch, first in zip(batches, firsts, strict=True)
    )
    shifts = (np.cumsum([0, *(batch.size for batch in batches)])[:-1] - firsts).tolist()
    pairs = list(zip(batches, shifts, strict=True))
    none = np.empty(0, np.int64)
    return Batch(
        Bodies(
            padded(whole),
            np.concatenate([none, *(batch.bodies.starts + shift for batch, shift in pairs)]),
            np.concatenate([none, *(batch.bodies.ends + shift for batch, shift in pairs)]),
        ),
        np.concatenate([none, *(batch.times for batch in batches)]),
        Slices(
            np.concatenate([none, *(batch.ids.starts + shift for batch, shift in pairs)]),
            np.concatenate([none, *(batch.ids.sizes for batch in batches)]),
        ),
        Digests.joined([batch.digests for batch in batches]),
    )


def read(data: bytes | memoryview, target: Schema) -> Iterator[Batch]:
    """The events of a file that we wrote, as `target` sees them.

    Those of an older version of `target` are resolved to it, one by one. Raises DamagedFile where the file is.
    """
    file = avro_file.opened(data, target.event_type, target.role)
    for bodies in file.bodies():
        resolved = bodies
        if file.schema.fingerprint != target.fingerprint:
            events = [_sound(body, file.schema, target) for body in bodies.all()]
            try:
                resolved = Bodies.of([encode(event.fields, target) for event in events])
            except UNENCODABLE as error:
                raise avro_file.DamagedFile(f"a stored record does not fit {target.key}: {error}") from error
        yield identified(resolved, target, file.index.digests if file.index else None)


def identified(bodies: Bodies, schema: Schema, digests: Digests | None = None) -> Batch:
    """`bodies` with the times and ids that are in them; raises DamagedFile where one is no event.

    Records of a shape that is not read in bulk are first looked at one by one.
    """
    if not len(bodies):
        none = np.empty(0, np.int64)
        return Batch(bodies, none, Slices(none, none), Digests.of([]))
    try:
        fields = parse.parse(bodies, schema.avro).fields
    except NotBulkParsable:
        for body in bodies.all():
            _sound(body, schema)
        try:
            fields = parse.parse(bodies, schema.avro, exhaustive=True).fields
        except NotBulkParsable as error:
            raise avro_file.DamagedFile(f"stored records are no events: {error}") from error
    times, ids = fields[TIME_FIELD], fields[ID_FIELD]
    if not isinstance(times, Numbers) or not isinstance(ids, Slices):
        raise TypeError("an event has a time and an id")
    times_us = times.values.astype(np.int64) * schema.micros_per_time_unit
    return Batch(bodies, times_us, ids, digests or Digests.of(parse.slices_of(bodies.data, ids)))


def _sound(body: bytes, writer: Schema, target: Schema | None = None) -> Event:
    event = decode(body, writer, target)
    if isinstance(event, Rejection):
        raise avro_file.DamagedFile(f"a stored record is no event: {event.message}")
    return event
