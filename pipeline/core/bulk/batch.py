"""Batches of records with what merging needs to know of each: its time, its id, and as of when it was enriched."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from wavetank.pipeline.avro.events import AS_OF_FIELD, ID_FIELD, TIME_FIELD
from wavetank.pipeline.core.bulk import parse
from wavetank.pipeline.core.bulk.digests import Digests
from wavetank.pipeline.core.bulk.fit import fits
from wavetank.pipeline.core.bulk.values import Bodies, Choice, Fields, Ints, NotBulkParsable, Numbers, Slices, padded
from wavetank.pipeline.core.decode import resolve
from wavetank.pipeline.core.files import avro_file
from wavetank.pipeline.core.schema import FIRST_TIME_US, LAST_TIME_US, Schema
from wavetank.pipeline.records import Rejection

NULL_AS_OF = np.int64(np.iinfo(np.int64).min)
"""Stands for null, which is smaller than any time."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events: their bodies, back to back; their times in microseconds; where their ids are; the digests of these.

    as_of: the times as of which they were enriched, in the unit of the schema, `NULL_AS_OF` for null.
    """

    bodies: Bodies
    times: Ints
    ids: Slices
    digests: Digests
    as_of: Ints

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
        return Batch(moved, self.times[indices], ids, self.digests.take(indices), self.as_of[indices])


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
        np.concatenate([none, *(batch.as_of for batch in batches)]),
    )


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A record of a file that cannot be merged: its number in the file, its bytes as they were written, and why."""

    number: int
    body: bytes
    fingerprint: bytes
    rejection: Rejection


def read(data: bytes | memoryview, target: Schema, rejected: list[RejectedRecord] | None = None) -> Iterator[Batch]:
    """The events of a file that we wrote, as `target` sees them.

    Those of an older version of `target` are resolved to it, one by one. Raises DamagedFile where the file is. A record
    that is no event, or does not fit `target`, is added to `rejected` and left out; without that list it raises
    DamagedFile as well.
    """
    file = avro_file.opened(data, target.event_type, target.role)
    digests, first = file.index.digests if file.index else None, 0
    writer = target if file.schema.fingerprint == target.fingerprint else file.schema
    for bodies in file.bodies():
        bad: list[RejectedRecord] = []
        try:
            if writer is not target:
                raise NotBulkParsable("records of another version are resolved one by one")
            records = identified(bodies, target, digests)
        except NotBulkParsable:
            records = _one_by_one(bodies, writer, target, digests, bad)
        if bad and rejected is None:
            raise avro_file.DamagedFile(f"a stored record is no event: {bad[0].rejection.message}")
        if rejected is not None:
            rejected += [replace(record, number=first + record.number) for record in bad]
        yield records
        first += len(bodies)


def identified(bodies: Bodies, schema: Schema, digests: Digests | None = None, *, sound: bool = False) -> Batch:
    """`bodies` with what merging needs of them; the digests of the ids are computed where they are not given.

    Raises NotBulkParsable where one is no event, or is to be looked at by itself. `sound`: each was.
    """
    if not len(bodies):
        none = np.empty(0, np.int64)
        return Batch(bodies, none, Slices(none, none), Digests.of([]), none)
    parsed, times, ids = _events(bodies, schema, sound=sound)
    digests = digests or Digests.of(parse.slices_of(bodies.data, ids))
    return Batch(bodies, times, ids, digests, _as_of(parsed, len(bodies)))


def times_and_ids(bodies: Bodies, schema: Schema) -> tuple[Ints, Slices]:
    """The times, in microseconds, and where the ids are, of one event or more; raises as `identified`."""
    return _events(bodies, schema, sound=False)[1:]


def _events(bodies: Bodies, schema: Schema, *, sound: bool) -> tuple[Fields, Ints, Slices]:
    """The values of events, their times in microseconds, and where their ids are."""
    if not sound and schema.unusable:
        raise NotBulkParsable(schema.unusable)
    parsed = parse.parse(bodies, schema.avro, exhaustive=sound)
    times, ids = parsed.fields[TIME_FIELD], parsed.fields[ID_FIELD]
    if not isinstance(times, Numbers) or not isinstance(ids, Slices):
        raise TypeError("an event has a time and an id")
    per_unit = schema.micros_per_time_unit
    if not sound:
        if not ids.sizes.all():
            raise NotBulkParsable("an event has an id")
        if times.values.min() < FIRST_TIME_US // per_unit or times.values.max() > LAST_TIME_US // per_unit:
            raise NotBulkParsable("a time that cannot be filed under a date")
        if not fits(parsed, bodies.data, schema.avro):
            raise NotBulkParsable("a value that does not fit its column")
    return parsed, times.values.astype(np.int64) * per_unit, ids


def _as_of(parsed: Fields, count: int) -> Ints:
    """The times as of which so many events were enriched; null where their schema has no field for it."""
    as_of = np.full(count, NULL_AS_OF, np.int64)
    column = parsed.fields.get(AS_OF_FIELD)
    if isinstance(column, Choice):
        for number, values in enumerate(column.branches):
            if isinstance(values, Numbers):
                as_of[column.branch == number] = values.values
    return as_of


def _one_by_one(
    bodies: Bodies, writer: Schema, target: Schema, digests: Digests | None, bad: list[RejectedRecord]
) -> Batch:
    """The events among `bodies` as `target` sees them; the others are added to `bad`."""
    kept: list[bytes] = []
    numbers: list[int] = []
    for number, body in enumerate(bodies.all()):
        event = resolve(body, writer, target)
        if isinstance(event, Rejection):
            bad.append(RejectedRecord(number, body, writer.fingerprint, event))
        else:
            kept.append(event.body)
            numbers.append(number)
    try:
        return identified(Bodies.of(kept), target, digests and digests.take(np.array(numbers, np.int64)), sound=True)
    except NotBulkParsable as error:
        raise avro_file.DamagedFile(f"stored records are no events: {error}") from error
