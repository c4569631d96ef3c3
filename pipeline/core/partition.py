"""Turns one chunk into one part file per partition it touches: the same chunk, the same files.

Records in the newest schema of the chunk go into the part as they are: of them only id and time are taken, the rest is
looked over in bulk. Records in older schemas are resolved to it, one by one.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from wavetank.pipeline.core import frame
from wavetank.pipeline.core.bulk import parse
from wavetank.pipeline.core.bulk.batch import times_and_ids
from wavetank.pipeline.core.bulk.values import Bodies, NotBulkParsable
from wavetank.pipeline.core.decode import StoredEvent, resolve
from wavetank.pipeline.core.files import avro_file
from wavetank.pipeline.core.frame import BadRange, Frame
from wavetank.pipeline.core.route import HOUR_US, bucket_of_digest, digest_of, hour_of
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.core.sizes import SIZES, Sizes
from wavetank.pipeline.layout import Partition
from wavetank.pipeline.records import Reason, Rejection


@dataclass(frozen=True, slots=True)
class BadBytes:
    """A range of a chunk that did not become an event."""

    offset: int
    payload: bytes
    rejection: Rejection


@dataclass(frozen=True, slots=True)
class Part:
    """The part file of one partition, and how many events are in it."""

    data: bytes
    events: int


@dataclass(frozen=True, slots=True)
class Partitioned:
    """The Avro files of a chunk, one per partition, and its bytes that could not go on."""

    parts: dict[Partition, Part]
    bad: list[BadBytes]


@dataclass(frozen=True, slots=True)
class Scanned:
    """A chunk taken apart: sound frames, and ranges that belong to none."""

    frames: Sequence[Frame]
    bad: Sequence[BadRange]

    @classmethod
    def of(cls, chunk: bytes) -> "Scanned":
        """Everything in `chunk`."""
        frames: list[Frame] = []
        bad: list[BadRange] = []
        for piece in frame.scan(chunk):
            if isinstance(piece, Frame):
                frames.append(piece)
            else:
                bad.append(piece)
        return cls(frames, bad)

    @property
    def fingerprints(self) -> set[bytes]:
        """The fingerprints of the schemas that it takes to read the chunk."""
        return {piece.fingerprint for piece in self.frames}


def partition(chunk: Scanned, schemas: Mapping[bytes, Schema], buckets: int, sizes: Sizes = SIZES) -> Partitioned:
    """Route each event of `chunk` to its partition, in the order of the chunk.

    A part is in the newest of the schemas that the chunk itself is in, not in the newest there is: the bytes
    follow from the chunk alone, also when a version is published before it comes again. Records in a schema that cannot
    be at rest are bad, whatever else the chunk is in.
    """
    bad = [BadBytes(piece.offset, piece.payload, piece.rejection) for piece in chunk.bad]
    usable = [schema for schema in schemas.values() if not schema.unusable]
    newest = max(usable, key=lambda schema: schema.version, default=None)
    bodies: defaultdict[tuple[int, int], list[bytes]] = defaultdict(list)
    digests: defaultdict[tuple[int, int], list[bytes]] = defaultdict(list)
    for placed in _events(chunk.frames, schemas, newest):
        if isinstance(placed, BadBytes):
            bad.append(placed)
            continue
        digest = digest_of(placed.event_id)
        where = placed.time_us // HOUR_US, bucket_of_digest(digest, buckets)
        bodies[where].append(placed.body)
        digests[where].append(digest)
    parts = {
        Partition(newest.event_type, *hour_of(where[0]), where[1]): Part(
            avro_file.part(newest, bodies[where], digests[where], sizes), len(bodies[where])
        )
        for where in sorted(bodies)
        if newest
    }
    return Partitioned(parts, sorted(bad, key=lambda piece: piece.offset))


def _events(
    frames: Sequence[Frame], schemas: Mapping[bytes, Schema], newest: Schema | None
) -> Iterator[StoredEvent | BadBytes]:
    """The event in each frame, or why there is none, in their order: those in the newest schema in bulk if possible."""
    current = [number for number, piece in enumerate(frames) if newest and piece.fingerprint == newest.fingerprint]
    parsed: dict[int, StoredEvent] = {}
    if newest and current:
        # Otherwise one of them is no event that fits, or is not read in bulk: each is looked at by itself.
        with suppress(NotBulkParsable):
            parsed = dict(zip(current, _in_bulk([frames[number].body for number in current], newest), strict=True))
    for number, piece in enumerate(frames):
        event = parsed.get(number)
        if event is not None:
            yield event
            continue
        writer = schemas.get(piece.fingerprint)
        if writer is None:
            yield _bad(piece, Rejection(Reason.UNKNOWN_SCHEMA, f"no processed schema {piece.fingerprint.hex()}"))
            continue
        resolved = resolve(piece.body, writer, newest or writer)
        yield _bad(piece, resolved) if isinstance(resolved, Rejection) else resolved


def _in_bulk(bodies: list[bytes], schema: Schema) -> Iterator[StoredEvent]:
    """The events of `bodies`; raises NotBulkParsable where one of them is none, or is to be looked at by itself."""
    batch = Bodies.of(bodies)
    times, ids = times_and_ids(batch, schema)
    return map(StoredEvent, times.tolist(), parse.slices_of(batch.data, ids), bodies)


def _bad(piece: Frame, why: Rejection) -> BadBytes:
    return BadBytes(piece.offset, frame.encode(piece.fingerprint, piece.body), why)
