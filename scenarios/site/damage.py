"""Spoils copies of events, each with a flaw that the pipeline has to find, for the reason that belongs to the flaw.

Where the damage is follows from `turn`, so that the copies of a run have it in every place, and from the event's id.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from wavetank.scenarios.client.aggregate import aggregate
from wavetank.scenarios.client.batches import MAX_RECORD_BYTES, Message
from wavetank.scenarios.client.wire import (
    HEADER_BYTES,
    ID_FIELD,
    MICROS_PER_MILLI,
    TIME_FIELD,
    WireSchema,
    confluent,
    encode_frame,
    frame_of,
    single_object,
)
from wavetank.scenarios.oracle.history import Value
from wavetank.scenarios.spec.nemesis import Damage
from wavetank.scenarios.workload.synthetic import WorkloadEvent

BAD_FRAME, TRAILING_BYTES, UNKNOWN_SCHEMA, UNDECODABLE = "bad-frame", "trailing-bytes", "unknown-schema", "undecodable"
OVERSIZE, MISSING_ID, INVALID_TIME = "oversize", "missing-id", "invalid-time"

PARTS = ((0, 1), (1, 4), (4, 8), (8, 24), (24, 28), (28, 32))
"""Version, mark, length, fingerprint and both checks of a frame: where each begins and where it ends."""
CUT_BYTES = 5
OUT_OF_DATES_US = (-62_135_596_800_000_001, 253_402_300_800_000_000)
"""The microseconds before the year 1 and after the year 9999."""
STRANGE_ID = 2**32 - 2
STRANGE_FINGERPRINT = bytes(range(16))

IN_CHUNKS = frozenset({Damage.FLIPPED, Damage.ANY_BYTE, Damage.TRUNCATED, Damage.UNKNOWN_SCHEMA})
"""Flaws that a frame in a chunk can have, too, whatever schema it is in."""


class Spoilt(NamedTuple):
    """The bytes of a spoilt copy, and the reason for which it has to be set aside."""

    data: bytes
    reason: str


@dataclass(frozen=True)
class Original:
    """An event as it would be sent, and what its flaws are measured by.

    null_columns: so many columns are added to it when it is enriched with nothing, a byte each; join: the field that it
    is enriched by, empty for none.
    """

    event: WorkloadEvent
    schema: WireSchema
    message: Message
    join: str = ""
    null_columns: int = 0

    def frame(self, **changed: Value) -> bytes:
        """A frame of the event with other values in some fields; its time is in microseconds."""
        event = replace(self.event, record={**self.event.record, **changed})
        time = {TIME_FIELD: event.time_us // MICROS_PER_MILLI} if self.schema.time_is_millis else {}
        return encode_frame(self.schema, {**event.record, **time})

    @property
    def body(self) -> bytes:
        """The Avro body of the event."""
        return self.message.data[HEADER_BYTES:]


def spoilt(original: Original, damage: Damage, turn: int) -> Spoilt:
    """The `turn`-th copy with this damage, from 0."""
    rng = random.Random(f"{original.event.event_id}/{damage}/{turn}")  # noqa: S311 - repeatable, not secret
    data = original.message.data
    match damage:
        case Damage.FLIPPED:
            return Spoilt(flipped(data), BAD_FRAME)
        case Damage.ANY_BYTE:
            return Spoilt(_bit_changed(data, _place(data, turn, rng), rng), BAD_FRAME)
        case Damage.TRUNCATED:
            places = (len(data) - CUT_BYTES, 1, 3, rng.randrange(4, HEADER_BYTES), HEADER_BYTES, HEADER_BYTES + 1)
            return Spoilt(data[: places[turn % len(places)]], BAD_FRAME)
        case Damage.TRAILING:
            behind = (data + b"\0", data + data, frame_of(original.schema.fingerprint, original.body + b"\0"))
            return Spoilt(behind[turn % len(behind)], TRAILING_BYTES)
        case Damage.UNKNOWN_SCHEMA:
            return Spoilt(frame_of(STRANGE_FINGERPRINT, original.body), UNKNOWN_SCHEMA)
        case Damage.CUT_BODY:
            kept = rng.randrange(len(original.body)) if turn % 2 else len(original.body) - 1
            return Spoilt(frame_of(original.schema.fingerprint, original.body[:kept]), UNDECODABLE)
        case Damage.STRANGE_ENVELOPE:
            return _strange(original, turn)
        case Damage.BROKEN_AGGREGATE:
            packed = aggregate([original.message, original.message]).data
            ends = (rng.randrange(4), rng.randrange(4, len(packed) - 16), rng.randrange(len(packed) - 16, len(packed)))
            return Spoilt(_bit_changed(packed, ends[turn % len(ends)], rng), BAD_FRAME)
        case Damage.NO_ID:
            return Spoilt(original.frame(**{ID_FIELD: ""}), MISSING_ID)
        case Damage.NO_DATE:
            return Spoilt(original.frame(**{TIME_FIELD: OUT_OF_DATES_US[turn % 2]}), INVALID_TIME)
        case Damage.OVERSIZE:
            room = MAX_RECORD_BYTES - len(original.message.key.encode())
            return Spoilt(padded(original, room if turn % 2 else room + 1 - original.null_columns), OVERSIZE)


def flipped(data: bytes) -> bytes:
    """The bytes with the last one inverted."""
    return data[:-1] + bytes([data[-1] ^ 0xFF])


def padded(original: Original, size: int) -> bytes:
    """A frame of exactly `size` bytes, by what is in the attributes of the event; it is enriched with nothing."""
    nothing: Mapping[str, Value] = {original.join: None} if original.join else {}

    def frame(padding: int) -> bytes:
        return original.frame(attributes={"padding": "x" * padding}, **nothing)

    most = size // 2
    return frame(most + size - len(frame(most)))


def _place(data: bytes, turn: int, rng: random.Random) -> int:
    """A byte of the part of a frame whose turn it is; of the body the first, the last and any."""
    body = ((HEADER_BYTES, HEADER_BYTES + 1), (len(data) - 1, len(data)), (HEADER_BYTES, len(data)))
    parts = (*PARTS, *body)
    return rng.randrange(*parts[turn % len(parts)])


def _bit_changed(data: bytes, place: int, rng: random.Random) -> bytes:
    # A frame whose first byte is 00 would be in Confluent's wire format.
    bit = 1 << rng.randrange(1 if place == 0 else 0, 8)
    return data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]


def _strange(original: Original, turn: int) -> Spoilt:
    record, schema = original.event.record, original.schema
    one_object, of_confluent = single_object(schema, record), confluent(STRANGE_ID, schema, record)
    ways = (
        Spoilt(of_confluent, UNKNOWN_SCHEMA),
        Spoilt(one_object[:2] + bytes(8) + one_object[10:], UNKNOWN_SCHEMA),
        Spoilt(one_object[:1] + b"\0" + one_object[2:], BAD_FRAME),
        Spoilt(one_object[:9], BAD_FRAME),
        Spoilt(of_confluent[:4], BAD_FRAME),
        Spoilt(b"\x02" + original.message.data[1:], BAD_FRAME),
        Spoilt(original.body, BAD_FRAME),
        Spoilt(b"", BAD_FRAME),
    )
    return ways[turn % len(ways)]
