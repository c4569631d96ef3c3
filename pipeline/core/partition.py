"""Turns one chunk into one part file per partition it touches: the same chunk, the same files."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.core import container, frame
from pipeline.core.decode import decode, encode
from pipeline.core.route import Partition, route
from pipeline.core.schema import Schema
from pipeline.records import Reason, Rejection


@dataclass(frozen=True, slots=True)
class BadBytes:
    """A range of a chunk that did not become an event."""

    offset: int
    payload: bytes
    rejection: Rejection


@dataclass(frozen=True, slots=True)
class Partitioned:
    """What a chunk becomes: an Avro file per partition, and what could not go on."""

    parts: dict[Partition, bytes]
    bad: list[BadBytes]


def fingerprints(chunk: bytes) -> set[bytes]:
    """The fingerprints of the schemas that `chunk` needs to be read."""
    return {piece.fingerprint for piece in frame.scan(chunk) if isinstance(piece, frame.Frame)}


def partition(chunk: bytes, schemas: Mapping[bytes, Schema], buckets: int) -> Partitioned:
    """Route each event of `chunk` to its partition, in the order of the chunk.

    A part is in the newest of the schemas that the chunk itself is in, not in the newest there is: the bytes
    follow from the chunk alone, also when a version is published before it comes again.
    """
    newest = max(schemas.values(), key=lambda schema: schema.version, default=None)
    bodies: defaultdict[Partition, list[bytes]] = defaultdict(list)
    bad: list[BadBytes] = []
    for piece in frame.scan(chunk):
        if isinstance(piece, frame.BadRange):
            bad.append(BadBytes(piece.offset, piece.payload, piece.rejection))
            continue
        placed = _place(piece, schemas, newest, buckets)
        if isinstance(placed, Rejection):
            bad.append(BadBytes(piece.offset, frame.encode(piece.fingerprint, piece.body), placed))
        else:
            where, body = placed
            bodies[where].append(body)
    parts = {where: container.write(newest, bodies[where]) for where in sorted(bodies)} if newest else {}
    return Partitioned(parts, bad)


def _place(
    piece: frame.Frame, schemas: Mapping[bytes, Schema], newest: Schema | None, buckets: int
) -> tuple[Partition, bytes] | Rejection:
    writer = schemas.get(piece.fingerprint)
    if writer is None or newest is None:
        return Rejection(Reason.UNKNOWN_SCHEMA, f"no processed schema {piece.fingerprint.hex()}")
    event = decode(piece.body, writer, newest)
    if isinstance(event, Rejection):
        return event
    body = piece.body if writer.fingerprint == newest.fingerprint else encode(event.fields, newest)
    return route(newest.event, event.id, event.time_us, buckets), body
