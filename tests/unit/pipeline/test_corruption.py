"""Every single-byte corruption and every truncation of a chunk costs the record it is in, and that alone."""

import pytest

from tests.unit.pipeline.examples import PING, PING_V2, event, events_in, framed
from wavetank.pipeline.core import envelope, frame
from wavetank.pipeline.core.decode import decode
from wavetank.pipeline.core.partition import Partitioned, Scanned, partition
from wavetank.pipeline.records import Event, Rejection

EVENTS = [event(1, label="first"), {**event(2), "score": -7}, event(3, label="läßt"), event(4)]
WRITTEN = [PING, PING_V2, PING, PING_V2]
FRAMES = [framed({"score": None, **fields}, schema) for fields, schema in zip(EVENTS, WRITTEN, strict=True)]
CHUNK = b"".join(FRAMES)
STARTS = [sum(map(len, FRAMES[:number])) for number in range(len(FRAMES))]
SCHEMAS = {PING.fingerprint: PING, PING_V2.fingerprint: PING_V2}
SEEN = {fields["event_id"]: {"score": None, **fields} for fields in EVENTS}


def landed(result: Partitioned) -> dict[str, object]:
    return {stored.id: stored.fields for part in result.parts.values() for stored in events_in(part.data, PING_V2)}


def partitioned(chunk: bytes) -> Partitioned:
    scanned = Scanned.of(chunk)
    return partition(
        scanned,
        {fingerprint: SCHEMAS[fingerprint] for fingerprint in scanned.fingerprints if fingerprint in SCHEMAS},
        2,
    )


def test_a_whole_chunk_of_two_versions_lands_under_the_newest() -> None:
    assert landed(partitioned(CHUNK)) == SEEN


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_every_corrupted_byte_costs_its_record_alone_or_nothing(flip: int) -> None:
    for position in range(len(CHUNK)):
        chunk = bytearray(CHUNK)
        chunk[position] ^= flip
        hit = max(number for number, start in enumerate(STARTS) if start <= position)
        result = partitioned(bytes(chunk))
        expected = {name: fields for name, fields in SEEN.items() if name != f"id-{hit + 1}"}
        assert landed(result) == expected, position
        (bad,) = result.bad
        assert (bad.offset, bad.payload) == (STARTS[hit], bytes(chunk[STARTS[hit] :][: len(FRAMES[hit])])), position


def test_every_truncation_costs_the_records_that_are_cut() -> None:
    for end in range(len(CHUNK)):
        result = partitioned(CHUNK[:end])
        whole = sum(start + len(data) <= end for start, data in zip(STARTS, FRAMES, strict=True))
        assert set(landed(result)) == {f"id-{number + 1}" for number in range(whole)}, end
        lost = CHUNK[:end][sum(map(len, FRAMES[:whole])) :]
        assert b"".join(bad.payload for bad in result.bad) == lost


def test_every_corruption_and_truncation_of_a_raw_record_is_that_record_or_a_rejection() -> None:
    whole = FRAMES[0]
    damaged = [whole[:end] for end in range(len(whole))]
    for position in range(len(whole)):
        damaged += [whole[:position] + bytes([value]) + whole[position + 1 :] for value in range(256)]
    for data in damaged:
        message = envelope.unwrap(data)
        if isinstance(message, envelope.Message) and message.reference in SCHEMAS:
            seen = decode(message.body, SCHEMAS[message.reference])
            assert data == whole
            assert isinstance(seen, Event)
        else:
            assert isinstance(message, Rejection) or frame.START not in data[:4]
