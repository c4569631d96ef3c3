"""What the producer packs into one record, both consumers unpack: the event source's and Firehose's."""

from emulator.firehose.deaggregate import user_records
from pipeline.core.deaggregate import deaggregate
from scenarios.client.aggregate import aggregate
from scenarios.client.batches import Message

MESSAGES = [Message("raw", "first", b"one"), Message("raw", "zweite ü", b"\x00" * 300), Message("raw", "third", b"")]


def test_messages_come_out_of_one_record_as_they_went_in() -> None:
    packed = aggregate(MESSAGES)
    assert (packed.stream, packed.key) == ("raw", "first")
    found = deaggregate(packed.data, packed.key)
    assert [(user.partition_key, user.data) for user in found] == [(each.key, each.data) for each in MESSAGES]


def test_firehose_takes_the_same_record_apart() -> None:
    packed = aggregate(MESSAGES)
    assert [user.data for user in user_records(packed.data, packed.key)] == [each.data for each in MESSAGES]
