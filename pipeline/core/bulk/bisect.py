"""Records of a file that cannot be merged, found by trial: the whole way to rest, in halves, down to single records.

What is foreseen, a record that is no event or does not fit, is told by reading. The rest is tried: read, merged,
written as Avro and as Parquet. Each file is looked at by itself and each of its batches by itself, so that what is
found follows from its bytes and the schema alone.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from tempfile import TemporaryFile

import numpy as np
import pyarrow as pa

from wavetank.pipeline.core.bulk import batch
from wavetank.pipeline.core.bulk.batch import Batch, RejectedRecord
from wavetank.pipeline.core.bulk.digests import SIZE, Digests
from wavetank.pipeline.core.bulk.merge import merge_all
from wavetank.pipeline.core.bulk.values import Bodies, Ints
from wavetank.pipeline.core.decode import decode
from wavetank.pipeline.core.files import avro_file, parquet
from wavetank.pipeline.core.files.avro_file import File
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.errors import SchemaError
from wavetank.pipeline.records import Event, Reason, Rejection

OF_DATA = (ValueError, ArithmeticError, SchemaError, pa.ArrowException)
"""What is raised where data cannot be merged; a TypeError or LookupError of our own is a bug, and stalls …"""
OF_THE_MACHINE = (OSError, MemoryError)
"""… unless it is one of these as well, as Arrow's are: they say nothing of the data."""


def is_of_data(error: BaseException) -> bool:
    """Whether an error may be the data's fault; an outage, a time-out or lack of memory never is."""
    return isinstance(error, OF_DATA) and not isinstance(error, OF_THE_MACHINE)


@dataclass(frozen=True, slots=True)
class _Some:
    """Some records of a file: their bodies as they were written, and of each its number and its id's digest."""

    file: File
    numbers: Ints
    bodies: Sequence[bytes]
    digests: Digests | None

    def take(self, indices: Ints) -> "_Some":
        """Those at `indices`."""
        bodies = [self.bodies[index] for index in indices.tolist()]
        return _Some(self.file, self.numbers[indices], bodies, self.digests and self.digests.take(indices))

    def batches(self, target: Schema, rejected: list[RejectedRecord] | None = None) -> list[Batch]:
        """They as `batch.read` gives them, from a file of their own; what is rejected has a number within it."""
        packed = self.digests.packed() if self.digests is not None else b""
        digests = [packed[at : at + SIZE] for at in range(0, len(packed), SIZE)]
        data = avro_file.part(self.file.schema, self.bodies, digests) if digests else self._without_index()
        return list(batch.read(data, target, rejected))

    def _without_index(self) -> bytes:
        with TemporaryFile() as out:
            writer = avro_file.Writer(out, self.file.schema)
            writer.add(Bodies.of(self.bodies))
            writer.close()
            out.seek(0)
            return out.read()


def unmergeable(data: bytes | memoryview, target: Schema) -> Iterator[RejectedRecord]:
    """The records of a file that we wrote that cannot be merged, in their order.

    Raises DamagedFile where it cannot be read as a file. Where no single record is at fault, the error of all.
    """
    for some in _read(data, target):
        yield from sorted(_unmergeable(some, target), key=lambda record: record.number)


def without(data: bytes | memoryview, target: Schema, numbers: Collection[int]) -> Iterator[Batch]:
    """The events of a file that we wrote but for the records of these numbers; raises as `batch.read` does."""
    left_out = np.array(sorted(numbers), np.int64)
    for some in _read(data, target):
        yield from some.take(np.flatnonzero(~np.isin(some.numbers, left_out))).batches(target)


def digests_of(data: bytes | memoryview, target: Schema, records: Sequence[RejectedRecord]) -> Digests:
    """The digests of the ids of some records of a file, as far as they can be known."""
    file = avro_file.opened(data, target.event_type, target.role)
    if file.index is not None:
        return file.index.digests.take(np.array([record.number for record in records], np.int64))
    return Digests.of(record.rejection.event_id.encode() for record in records if record.rejection.event_id)


def _read(data: bytes | memoryview, target: Schema) -> Iterator[_Some]:
    """All records of a file, batch by batch; raises DamagedFile."""
    file = avro_file.opened(data, target.event_type, target.role)
    first = 0
    for bodies in file.bodies():
        digests = file.index.digests if file.index is not None else None
        yield _Some(file, np.arange(first, first + len(bodies)), bodies.all(), digests)
        first += len(bodies)


def _unmergeable(some: _Some, target: Schema) -> Iterator[RejectedRecord]:
    """Those of some records that cannot be merged; raises the error of all where it is no single record's fault."""
    rejected: list[RejectedRecord] = []
    rest = some
    try:
        batches = some.batches(target, rejected)
        bad = {record.number for record in rejected}
        rest = some.take(np.array([at for at in range(len(some.bodies)) if at not in bad], np.int64))
        if len(rest.bodies):
            _try(batches, target)
    except Exception as error:
        if not is_of_data(error):
            raise
        if len(rest.bodies) == len(some.bodies):
            rejected.clear()
        if len(rest.bodies) == 1:
            _try([], target)
            yield _as_unmergeable(rest, target, error)
        elif len(rest.bodies):
            culprits = [record for half in _halves(rest) for record in _unmergeable(half, target)]
            if not culprits:
                raise
            yield from culprits
        else:
            raise
    for record in rejected:
        yield RejectedRecord(
            int(some.numbers[record.number]), record.body, record.fingerprint, rejection=record.rejection
        )


def _halves(some: _Some) -> Iterator[_Some]:
    middle = len(some.bodies) // 2
    yield some.take(np.arange(middle))
    yield some.take(np.arange(middle, len(some.bodies)))


def _try(batches: Sequence[Batch], target: Schema) -> None:
    """Merge and write, to nowhere; raises what that raises."""
    with TemporaryFile() as avro, TemporaryFile() as columns:
        parquet.write_both(merge_all(batches, Digests.of([])), target, avro, columns)


def _as_unmergeable(one: _Some, target: Schema, error: Exception) -> RejectedRecord:
    """A single record that failed on its own."""
    body = one.bodies[0]
    try:
        event = decode(body, one.file.schema, target)
    except OF_DATA:
        event = None
    event_id = event.id if isinstance(event, Event) else event.event_id if isinstance(event, Rejection) else ""
    message = f"{type(error).__name__}: {error}"
    rejection = Rejection(Reason.UNMERGEABLE, message, event_id)
    return RejectedRecord(int(one.numbers[0]), body, one.file.schema.fingerprint, rejection)
