"""What is read off the wire: every sound frame and the head of its event, whatever is between them."""

import json

import pytest

from wavetank.emulator.stack.home import project_root
from wavetank.scenarios.client.aggregate import aggregate, user_data
from wavetank.scenarios.client.batches import Message
from wavetank.scenarios.client.frames import Frame, Head, Heads, frames
from wavetank.scenarios.client.wire import HEADER_BYTES, WireSchema, encode_frame, frame_of, newest_schema

CLICK = newest_schema(project_root() / "schemas" / "click", "processed")
NOON_US = 1_574_596_800_000_000
HEADS = Heads([CLICK])


def click(event_id: str, schema: WireSchema = CLICK, time: int = NOON_US) -> bytes:
    return encode_frame(schema, {"event_id": event_id, "event_time": time})


def found(data: bytes, heads: Heads = HEADS) -> list[str]:
    return [head.event_id for frame in frames(data) if (head := heads.read(frame))]


def test_frames_that_stand_one_behind_the_other_are_all_found() -> None:
    assert found(b"".join(map(click, "abc"))) == ["a", "b", "c"]


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


@pytest.mark.parametrize("at", [0, 5, 10, 25, 29, HEADER_BYTES, -1], ids=str)
def test_a_damaged_frame_is_passed_over_and_its_neighbours_are_found(at: int) -> None:
    middle = click("b")
    assert found(click("a") + flipped(middle, at % len(middle)) + click("c")) == ["a", "c"]


def test_a_frame_without_its_end_takes_no_neighbour_with_it() -> None:
    assert found(click("a") + click("b")[:-5] + click("c") + click("d")[:-1]) == ["a", "c"]


def test_noise_holds_no_frame() -> None:
    assert list(frames(b"")) == list(frames(b"\x01WTK")) == list(frames(b"\x01WTK" * 20)) == []


def test_the_head_of_an_event_is_its_id_and_its_time_wherever_they_stand() -> None:
    definition = json.loads(json.dumps(CLICK.definition))
    definition["fields"] = [{"name": "more", "type": ["null", "string"], "default": None}, *definition["fields"]]
    later = WireSchema.of(definition)
    (frame,) = frames(click("a", later))
    assert Heads([CLICK, later]).read(frame) == Head("a", NOON_US)
    assert HEADS.read(frame) is None


def test_a_time_in_milliseconds_is_told_in_microseconds() -> None:
    definition = json.loads(json.dumps(CLICK.definition))
    (time,) = (entry for entry in definition["fields"] if entry["name"] == "event_time")
    time["type"] = {"type": "long", "logicalType": "timestamp-millis"}
    schema = WireSchema.of(definition)
    (frame,) = frames(click("a", schema, NOON_US // 1000))
    assert Heads([schema]).read(frame) == Head("a", NOON_US)


def test_a_body_that_does_not_decode_has_no_head() -> None:
    (frame,) = frames(frame_of(CLICK.fingerprint, b"\xff"))
    assert frame == Frame(CLICK.fingerprint, b"\xff")
    assert HEADS.read(frame) is None


def test_an_aggregate_gives_back_what_was_packed_in_it_and_another_record_itself() -> None:
    messages = [Message("raw", "key", data) for data in (b"one", b"\x00" * 300, b"")]
    packed = aggregate(messages).data
    assert user_data(packed) == [message.data for message in messages]
    assert user_data(b"plain") == [b"plain"]
    assert user_data(packed[:-1]) == [packed[:-1]]
