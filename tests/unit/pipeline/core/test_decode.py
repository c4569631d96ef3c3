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


@given(TIMES)
def test_a_time_in_microseconds_is_that_of_the_millisecond_that_it_is_in(time_us: int) -> None:
    millis = schema_of(loads(dumps(document()).replace("timestamp-micros", "timestamp-millis")))
    decoded = decode(encode({"event_id": "a", "event_time": time_us, "label": None}, PING), PING, millis)
    assert isinstance(decoded, Event)
    assert decoded.fields["event_time"] == time_us // 1000


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


PRICE = {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}
DAY = {"type": "int", "logicalType": "date"}
ITEM = {"type": "record", "name": "Item", "fields": [{"name": "day", "type": DAY}, {"name": "price", "type": PRICE}]}
BEYOND = (1_234_567).to_bytes(3)


@pytest.mark.parametrize(
    ("avro", "value", "message"),
    [
        (PRICE, BEYOND, "field x: 1234567 has more than the 4 digits of its decimal"),
        (PRICE, (-10_000).to_bytes(2, signed=True), "field x: -10000 has more than the 4 digits of its decimal"),
        (["null", DAY], 2**31 - 1, "field x: 2147483647 is no number of days between the years 1 and 9999"),
        (
            {"type": "array", "items": ITEM},
            [{"day": 0, "price": b"\1"}, {"day": 1, "price": BEYOND}],
            "field x[1].price:",
        ),
        ({"type": "map", "values": ["null", DAY]}, {"a": None, "b": -(2**31)}, "field x{b}: -2147483648"),
        ({"type": "long", "logicalType": "time-micros"}, -1, "field x: -1 is no number of microseconds within a day"),
    ],
)
def test_a_value_that_its_processed_type_cannot_have_is_named_with_its_path_and_rule(
    avro: Any, value: Any, message: str
) -> None:
    raw, processed = (schema({"name": "x", "type": avro}, role=role) for role in (Role.RAW, Role.PROCESSED))
    body = encode({**event(1), "x": value}, raw)
    rejection = decode(body, raw, processed)
    assert isinstance(rejection, Rejection)
    assert (rejection.reason, rejection.event_id) == (Reason.DOES_NOT_FIT, "id-1")
    assert rejection.message.startswith(f"processed v1: {message}")
    assert isinstance(decode(body, raw), Event)


def test_what_is_dropped_on_the_way_may_have_any_value_and_what_is_read_twice_fits_both_types() -> None:
    raw = schema({"name": "x", "type": DAY}, role=Role.RAW)
    body = encode({**event(1), "x": 2**31 - 1}, raw)
    assert isinstance(decode(body, raw, PING), Event)
    twice = schema(
        {"name": "a", "type": "double", "aliases": ["x"]}, {"name": "b", "type": ["null", DAY], "aliases": ["x"]}
    )
    rejection = decode(body, raw, twice)
    assert isinstance(rejection, Rejection)
    assert "field b: 2147483647" in rejection.message
    sound = decode(encode({**event(1), "x": 7}, raw), raw, twice)
    assert isinstance(sound, Event)
    assert [(type(sound.fields[name]), sound.fields[name]) for name in "ab"] == [(float, 7.0), (int, 7)]


def test_the_time_of_an_event_has_a_rule_of_its_own_and_damage_goes_before_values() -> None:
    dated = schema({"name": "day", "type": DAY})
    late = decode(encode({**event(1, time_us=2**62), "day": 1}, dated), dated)
    body = encode({**event(1), "day": 2**30}, dated)
    damaged = [decode(data, dated) for data in (body + b"x", body[:-1])]
    assert [outcome.reason for outcome in (late, *damaged) if isinstance(outcome, Rejection)] == [
        Reason.INVALID_TIME,
        Reason.TRAILING_BYTES,
        Reason.UNDECODABLE,
    ]


def test_the_id_of_a_record_that_does_not_fit_is_kept_wherever_it_is() -> None:
    fields = [{"name": "day", "type": DAY}, *document()["fields"]]
    last = schema_of({**document(), "fields": fields})
    rejection = decode(encode({**event(1), "day": 2**30}, last), last)
    assert isinstance(rejection, Rejection)
    assert rejection.event_id == "id-1"


def test_no_event_can_be_read_as_a_processed_schema_that_parquet_has_no_column_for() -> None:
    either, raw = schema({"name": "x", "type": ["int", "string"]}), schema(role=Role.RAW)
    for outcome in (
        decode(encode(event(1), raw), raw, either),
        decode(encode({**event(1), "x": 1}, either), either, PING),
    ):
        assert isinstance(outcome, Rejection)
        assert (outcome.reason, outcome.event_id) == (Reason.DOES_NOT_FIT, "id-1")
        assert outcome.message.startswith("processed v1: field x: a union of several types has no Parquet column")
