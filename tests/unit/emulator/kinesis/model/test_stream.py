import pytest

from wavetank.emulator.kinesis.errors import InvalidArgument
from wavetank.emulator.kinesis.model.position import Start, StartingPosition
from wavetank.emulator.kinesis.model.shards import Shard, ShardSet, StreamIdentity
from wavetank.emulator.kinesis.model.stream import HOUR_MS, MAX_READ_BYTES, Entry, Stream
from wavetank.emulator.kinesis.settings import StreamSettings

CREATED = 1_700_000_000_000
DAY = 24 * HOUR_MS
WHO = StreamIdentity("000000000000", "us-east-1", "s", "arn:aws:kinesis:us-east-1:000000000000:stream/s", CREATED)


def new_stream(shards: int = 1) -> Stream:
    return Stream(WHO, ShardSet.founded(WHO, shards), StreamSettings())


def data(stream: Stream, shard: Shard, position: StartingPosition, now: int) -> list[bytes]:
    index = stream.cursor(shard, position, now).index
    return [record.data for record in stream.read(shard, index, 100, now).records]


def letters(stream: Stream, text: str) -> list[str]:
    return [
        stream.put(Entry("k", letter.encode()), CREATED + time * 1000).sequence_number
        for time, letter in enumerate(text)
    ]


def test_a_record_goes_to_the_shard_that_holds_its_keys_hash() -> None:
    stream = new_stream(4)
    for number in range(50):
        entry = Entry(str(number), b"")
        shard = stream.put(entry, CREATED).shard
        assert shard.first_hash <= entry.hash_key() <= shard.last_hash


def test_a_place_that_the_shard_has_not_come_to_is_refused() -> None:
    stream = new_stream()
    letters(stream, "ab")
    shard = stream.shards.at(0)
    assert stream.read(shard, shard.log.tail, 100, CREATED).records == []
    with pytest.raises(InvalidArgument, match="Invalid ShardIterator"):
        stream.read(shard, shard.log.tail + 1, 100, CREATED)


def test_the_hash_of_a_key_is_its_md5() -> None:
    assert Entry("a", b"").hash_key() == 0x0CC175B9C0F1B6A831C399E269772661


def test_an_explicit_hash_key_overrides_the_partition_key() -> None:
    stream = new_stream(2)
    assert stream.put(Entry("k", b"", "0"), CREATED).shard.number == 0
    assert stream.put(Entry("k", b"", str(2**128 - 1)), CREATED).shard.number == 1
    with pytest.raises(InvalidArgument, match="ExplicitHashKey must be in the range"):
        stream.put(Entry("k", b"", str(2**128)), CREATED)


def test_each_starting_position_starts_where_it_says() -> None:
    stream = new_stream()
    shard = stream.shards.at(0)
    numbers = letters(stream, "abcde")
    now = CREATED + 60_000
    starts = {
        StartingPosition(Start.TRIM_HORIZON): b"abcde",
        StartingPosition(Start.LATEST): b"",
        StartingPosition(Start.AT_SEQUENCE_NUMBER, numbers[2]): b"cde",
        StartingPosition(Start.AFTER_SEQUENCE_NUMBER, numbers[2]): b"de",
        StartingPosition(Start.AT_SEQUENCE_NUMBER, shard.starting_sequence_number): b"abcde",
        StartingPosition(Start.AFTER_SEQUENCE_NUMBER, numbers[4]): b"",
        StartingPosition(Start.AT_TIMESTAMP, timestamp_ms=CREATED + 1500): b"cde",
        StartingPosition(Start.AT_TIMESTAMP, timestamp_ms=CREATED + 2000): b"cde",
        StartingPosition(Start.AT_TIMESTAMP, timestamp_ms=0): b"abcde",
        StartingPosition(Start.AT_TIMESTAMP, timestamp_ms=now): b"",
    }
    assert {start: b"".join(data(stream, shard, start, now)) for start in starts} == starts


def test_a_time_in_the_future_is_refused() -> None:
    stream = new_stream()
    with pytest.raises(InvalidArgument, match="cannot be greater than the currentTimestampInMillis"):
        stream.cursor(stream.shards.at(0), StartingPosition(Start.AT_TIMESTAMP, timestamp_ms=CREATED + 1), CREATED)


def test_sequence_numbers_from_elsewhere_are_refused() -> None:
    stream, other = new_stream(2), Stream(
        StreamIdentity("000000000000", "us-east-1", "s", WHO.arn, CREATED + 5000),
        ShardSet.founded(StreamIdentity("", "", "", "", CREATED + 5000), 1),
        StreamSettings(),
    )  # fmt: skip
    number = stream.put(Entry("k", b"", "0"), CREATED).sequence_number
    foreign = other.put(Entry("k", b""), CREATED).sequence_number
    cases = {
        (1, number): "It encodes shardId-000000000000, while it was used in a call to a shard with shardId-0000",
        (0, foreign): "is invalid because it did not come from this stream",
        (0, "12345"): "StartingSequenceNumber 12345 used in GetShardIterator on shard shardId-000000000000 in stream s",
        (0, stream.shards.at(0).sequence_number(99)): "is invalid.",
    }
    for (shard, text), message in cases.items():
        with pytest.raises(InvalidArgument, match=message):
            stream.cursor(stream.shards.at(shard), StartingPosition(Start.AT_SEQUENCE_NUMBER, text), CREATED)


def test_a_reader_is_behind_by_the_age_of_the_last_record_it_got_until_it_got_them_all() -> None:
    stream = new_stream()
    letters(stream, "abc")
    now = CREATED + 10_000
    shard = stream.shards.at(0)
    assert [stream.read(shard, 1, limit, now).millis_behind for limit in (1, 2, 3, 4)] == [10_000, 9_000, 0, 0]


def test_a_closed_shard_ends_with_its_children_and_no_next_record() -> None:
    stream = new_stream()
    letters(stream, "ab")
    parent = stream.shards.at(0)
    children = stream.split(parent, 1000, CREATED + 5000)
    first = stream.read(parent, 1, 1, CREATED + 6000)
    assert (first.next_index, first.children) == (2, [])
    last = stream.read(parent, 2, 1, CREATED + 6000)
    assert (len(last.records), last.next_index, last.children) == (1, None, list(children))
    assert stream.read(parent, 3, 1, CREATED + 6000).next_index is None


def test_the_end_of_a_closed_shard_is_a_place_to_start_from() -> None:
    stream = new_stream()
    letters(stream, "ab")
    parent = stream.shards.at(0)
    stream.split(parent, 1000, CREATED + 5000)
    end = StartingPosition(Start.AT_SEQUENCE_NUMBER, parent.ending_sequence_number)
    assert data(stream, parent, end, CREATED + 6000) == []


def test_retention_trims_by_time_and_a_reader_goes_on_at_the_horizon() -> None:
    stream = new_stream()
    letters(stream, "abcde")
    shard = stream.shards.at(0)
    assert stream.expire(CREATED + DAY + 2000) == 2
    read = stream.read(shard, 1, 100, CREATED + DAY + 2000)
    assert [record.data for record in read.records] == [b"c", b"d", b"e"]
    assert stream.expire(CREATED + DAY + 2000) == 0
    assert stream.expire(CREATED + 2 * DAY) == 3


def test_longer_retention_keeps_and_shorter_retention_trims() -> None:
    stream = new_stream()
    letters(stream, "ab")
    stream.settings.increase_retention(48, "s")
    stream.retention_changed()
    assert stream.expire(CREATED + DAY + 5000) == 0
    stream.settings.decrease_retention(24, "s")
    stream.retention_changed()
    assert stream.expire(CREATED + DAY + 5000) == 2


def test_a_closed_shard_lives_as_long_as_its_last_record_could() -> None:
    stream = new_stream()
    letters(stream, "a")
    stream.split(stream.shards.at(0), 1000, CREATED + 5000)
    stream.expire(CREATED + DAY + 5000)
    assert 0 in stream.shards
    stream.expire(CREATED + DAY + 5001)
    assert 0 not in stream.shards


def test_a_read_gives_no_more_than_ten_mebibytes() -> None:
    stream = new_stream()
    big = bytes(1024 * 1024 - 1)
    for _ in range(12):
        stream.put(Entry("k", big), CREATED)
    read = stream.read(stream.shards.at(0), 1, 100, CREATED)
    assert sum(len(record.data) for record in read.records) <= MAX_READ_BYTES
    assert len(read.records) == 10


def test_trimming_the_oldest_takes_from_the_shard_that_has_it() -> None:
    stream = new_stream(2)
    stream.put(Entry("k", b"new", "0"), CREATED + 2000)
    stream.put(Entry("k", b"old", str(2**128 - 1)), CREATED + 1000)
    before = stream.retained_bytes
    records, size = stream.trim_oldest(10)
    assert (records, before - stream.retained_bytes) == (1, size)
    assert stream.oldest_ms() == CREATED + 2000
