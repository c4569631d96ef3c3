"""Records that were encoded come back; what cannot be decoded is a rejection, whatever the bytes."""

from json import dumps, loads
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pipeline.avro.strategies import events
from tests.unit.pipeline.corpus import schema_of
from tests.unit.pipeline.examples import NOON_US, PING, PING_V2, document, event, schema
from wavetank.pipeline.core.decode import decode, encode
from wavetank.pipeline.core.schema import FIRST_TIME_US, LAST_TIME_US, Role
from wavetank.pipeline.records import Event, Reason, Rejection

TIMES = st.integers(FIRST_TIME_US, LAST_TIME_US)


@given(st.text(min_size=1), TIMES, st.none() | st.text())
def test_an_event_decodes_to_what_was_encoded(event_id: str, time_us: int, label: str | None) -> None:
    fields = {"event_id": event_id, "event_time": time_us, "label": label}
    assert decode(encode(fields, PING), PING) == Event(event_id, time_us, fields)


@given(st.binary(max_size=60))
def test_no_bytes_raise(body: bytes) -> None:
    assert isinstance(decode(body, PING), Event | Rejection)


def test_a_record_of_an_older_version_is_seen_through_the_newest_with_defaults() -> None:
    decoded = decode(encode(event(1), PING), PING, PING_V2)
    assert isinstance(decoded, Event)
    assert decoded.fields == {**event(1), "score": None}


def test_a_time_in_milliseconds_is_understood_in_microseconds() -> None:
    from wavetank.pipeline.core.schema import parse

    millis = parse(dumps(document()).replace("timestamp-micros", "timestamp-millis"), "ping", Role.RAW, 1)
    decoded = decode(encode({"event_id": "a", "event_time": NOON_US // 1000, "label": None}, millis), millis)
    assert isinstance(decoded, Event)
    assert decoded.time_us == NOON_US


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (encode(event(1), PING) + b"\x00", Reason.TRAILING_BYTES),
        (encode(event(1), PING)[:-3], Reason.UNDECODABLE),
        (b"\xff" * 40, Reason.UNDECODABLE),
        (encode({"event_id": "", "event_time": 1, "label": None}, PING), Reason.MISSING_ID),
        (encode({"event_id": "a", "event_time": FIRST_TIME_US - 1, "label": None}, PING), Reason.INVALID_TIME),
        (encode({"event_id": "a", "event_time": 2**62, "label": None}, PING), Reason.INVALID_TIME),
    ],
)
def test_a_record_that_is_no_event_is_rejected_with_its_reason(body: bytes, reason: Reason) -> None:
    decoded = decode(body, PING)
    assert isinstance(decoded, Rejection)
    assert decoded.reason is reason


def test_a_union_index_out_of_range_is_a_rejection() -> None:
    body = encode(event(1), schema())[:-1] + b"\x08"
    decoded = decode(body, PING)
    assert isinstance(decoded, Rejection)
    assert decoded.reason is Reason.UNDECODABLE


@given(events())
def test_an_event_of_any_schema_decodes_to_what_was_encoded(generated: tuple[dict[str, Any], dict[str, Any]]) -> None:
    written = schema_of(generated[0], role=Role.RAW)
    fields = generated[1]
    assert decode(encode(fields, written), written) == Event(fields["event_id"], fields["event_time"], fields)


def test_a_time_in_another_unit_is_converted_to_the_readers() -> None:
    millis = schema_of(loads(dumps(document()).replace("timestamp-micros", "timestamp-millis")))
    body = encode({"event_id": "a", "event_time": NOON_US // 1000, "label": None}, millis)
    decoded = decode(body, millis, PING)
    assert isinstance(decoded, Event)
    assert decoded.time_us == decoded.fields["event_time"] == NOON_US


def test_records_whose_names_differ_resolve_as_an_events_raw_and_processed_form_do() -> None:
    other = schema_of(document({"name": "score", "type": ["null", "int"], "default": None}, name="Pong"), 2)
    decoded = decode(encode(event(1), PING), PING, other)
    assert isinstance(decoded, Event)
    assert decoded.fields == {**event(1), "score": None}


def test_the_id_of_a_record_whose_time_is_wrong_is_kept() -> None:
    decoded = decode(encode(event(1, time_us=2**62), PING), PING)
    assert isinstance(decoded, Rejection)
    assert decoded.event_id == "id-1"


def test_the_id_of_a_record_that_does_not_decode_is_kept_where_it_can_be_read() -> None:
    body = encode(event(1), PING)
    ids = [decode(data, PING) for data in (body[:-3], body + b"x", body[:2])]
    assert [rejection.event_id for rejection in ids if isinstance(rejection, Rejection)] == ["id-1", "id-1", ""]
