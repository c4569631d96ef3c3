"""What the producer packs into one record, both consumers unpack: the event source's and Firehose's."""

import hashlib

import pytest

from wavetank.emulator.firehose.core.deaggregate import user_records
from wavetank.pipeline.core.deaggregate import deaggregate
from wavetank.scenarios.client.aggregate import MAGIC, aggregate, user_data
from wavetank.scenarios.client.batches import Message

MESSAGES = [Message("raw", "first", b"one"), Message("raw", "zweite ü", b"\x00" * 300), Message("raw", "third", b"")]


def sealed(body: bytes) -> bytes:
    return MAGIC + body + hashlib.md5(body, usedforsecurity=False).digest()


def test_messages_come_out_of_one_record_as_they_went_in() -> None:
    packed = aggregate(MESSAGES)
    assert (packed.stream, packed.key) == ("raw", "first")
    found = deaggregate(packed.data, packed.key)
    assert [(user.partition_key, user.data) for user in found] == [(each.key, each.data) for each in MESSAGES]


def test_firehose_takes_the_same_record_apart() -> None:
    packed = aggregate(MESSAGES)
    assert [user.data for user in user_records(packed.data, packed.key)] == [each.data for each in MESSAGES]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(aggregate([Message("raw", "k" * 257, b"one")]).data, id="a key too long"),
        pytest.param(aggregate([Message("raw", "", b"one")]).data, id="a key without a character"),
        pytest.param(sealed(b"\xff" * 200_000), id="a number without an end"),
        pytest.param(sealed(b"\x08\x01"), id="no record"),
        pytest.param(sealed(b"\x1a\x02\x08\x00"), id="a record without data"),
    ],
)
def test_what_is_no_sound_aggregate_is_one_record_to_producer_processor_and_firehose(body: bytes) -> None:
    assert user_data(body) == [body]
    assert [user.data for user in deaggregate(body, "outer")] == [body]
    assert [user.data for user in user_records(body, "outer")] == [body]
