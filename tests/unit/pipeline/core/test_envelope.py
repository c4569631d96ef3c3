"""Producers that write other envelopes are understood, by the first byte."""

import pytest

from tests.unit.pipeline.examples import PING, event, framed
from wavetank.pipeline.core import envelope, frame
from wavetank.pipeline.core.decode import decode, encode
from wavetank.pipeline.records import Event, Reason, Rejection
from wavetank.scenarios.client.wire import WireSchema, confluent, single_object

BODY = encode(event(1), PING)
WIRE = WireSchema(PING.definition, PING.fingerprint, PING.physical)
ENVELOPES = {
    "frame": (framed(event(1)), PING.fingerprint),
    "single object": (single_object(WIRE, event(1)), PING.crc64),
    "Confluent": (confluent(259, WIRE, event(1)), b"\x00\x00\x01\x03"),
}


@pytest.mark.parametrize(("data", "reference"), ENVELOPES.values(), ids=ENVELOPES)
def test_an_envelope_gives_the_body_and_what_names_its_schema(data: bytes, reference: bytes) -> None:
    message = envelope.unwrap(data)
    assert isinstance(message, envelope.Message)
    assert (message.reference, message.body) == (reference, BODY)
    assert isinstance(decode(message.body, PING), Event)


@pytest.mark.parametrize(
    "data", [b"", b"\xc3", b"\xc3\x02" + bytes(20), b"\xc3\x01short", b"\x00\x00\x00", b"{}", b"\x01"]
)
def test_what_is_no_envelope_is_rejected_as_that(data: bytes) -> None:
    message = envelope.unwrap(data)
    assert isinstance(message, Rejection)
    assert message.reason is Reason.BAD_FRAME


def test_too_large_a_record_is_rejected_whatever_its_envelope() -> None:
    for start in (b"\x00", b"\xc3\x01", b"\x01WTK"):
        message = envelope.unwrap(start + bytes(frame.MAX_RECORD))
        assert isinstance(message, Rejection)
        assert message.reason is Reason.OVERSIZE


def test_references_are_told_apart_in_words() -> None:
    assert [envelope.named(reference) for _, reference in ENVELOPES.values()] == [
        PING.fingerprint.hex(),
        f"CRC-64 {PING.crc64.hex()}",
        "id 259",
    ]
