"""The reader of a stream at moments that a running stack does not show on demand: expiry, back-pressure, outages."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from wavetank.emulator.firehose import source as source_module
from wavetank.emulator.firehose.core.buffer import Entry
from wavetank.emulator.firehose.source import KinesisSource
from wavetank.emulator.runtime.clock import Clock
from wavetank.emulator.runtime.doorbell import Doorbell

ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
DEADLINE_S = 10.0
ITERATOR_LIFE_S = 300.0


class StreamInMemory:
    """The three calls that a reader makes, on lists; shards are numbers, an iterator is shard/index/time."""

    def __init__(self, clock: Clock, bell: Doorbell, shards: int = 1) -> None:
        self.clock, self.bell = clock, bell
        self.records: dict[str, list[dict[str, Any]]] = {str(number): [] for number in range(shards)}
        self.parents: dict[str, list[str]] = {shard: [] for shard in self.records}
        self.closed: set[str] = set()
        self.calls: list[str] = []
        self.reads = 0
        self.errors: list[str] = []
        self.listing_errors: list[str] = []

    def put(self, shard: str, data: bytes) -> None:
        self.records[shard].append(
            {
                "Data": data,
                "PartitionKey": "k",
                "SequenceNumber": f"{shard}-{len(self.records[shard])}",
                "ApproximateArrivalTimestamp": datetime.fromtimestamp(self.clock.now(), UTC),
            }
        )

    def ring(self) -> None:
        self.bell.ring(ARN)

    def replace(self, parents: list[str], child: str) -> None:
        self.closed |= set(parents)
        self.records[child], self.parents[child] = [], parents

    def list_shards(self, StreamARN: str) -> dict[str, Any]:  # noqa: N803 - the API's name
        assert StreamARN == ARN
        if self.listing_errors:
            raise failure(self.listing_errors.pop(0))
        return {"Shards": [self._described(shard) for shard in sorted(self.records, reverse=True)]}

    def _described(self, shard: str) -> dict[str, Any]:
        names = ("ParentShardId", "AdjacentParentShardId")
        numbers = {"StartingSequenceNumber": shard} | ({"EndingSequenceNumber": "9"} if shard in self.closed else {})
        parents = dict(zip(names, self.parents[shard], strict=False))
        return {"ShardId": shard, "SequenceNumberRange": numbers, **parents}

    def get_shard_iterator(self, **start: Any) -> dict[str, str]:
        shard, kind = start["ShardId"], start["ShardIteratorType"]
        self.calls.append(kind)
        records = self.records[shard]
        if kind == "AFTER_SEQUENCE_NUMBER":
            index = int(start["StartingSequenceNumber"].split("-")[1]) + 1
        elif kind == "AT_TIMESTAMP":
            # Whole seconds, as botocore sends them.
            since = start["Timestamp"].replace(microsecond=0)
            index = sum(record["ApproximateArrivalTimestamp"] < since for record in records)
        else:
            index = {"LATEST": len(records), "TRIM_HORIZON": 0}[kind]
        return {"ShardIterator": f"{shard}/{index}/{self.clock.now()}"}

    def get_records(self, ShardIterator: str, Limit: int) -> dict[str, Any]:  # noqa: N803 - the API's names
        if self.errors:
            raise failure(self.errors.pop(0))
        shard, index, issued = ShardIterator.split("/")
        if self.clock.now() - float(issued) > ITERATOR_LIFE_S:
            raise failure("ExpiredIteratorException")
        self.reads += 1
        records_read = self.records[shard][int(index) : int(index) + min(Limit, 3)]
        following = int(index) + len(records_read)
        behind = len(self.records[shard]) - following
        answer: dict[str, Any] = {"Records": records_read, "MillisBehindLatest": behind}
        if behind or shard not in self.closed:
            answer["NextShardIterator"] = f"{shard}/{following}/{self.clock.now()}"
        return answer


def failure(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "GetRecords")


class Basket:
    """Takes what was read; `room` closed holds the reader back."""

    def __init__(self) -> None:
        self.data: list[bytes] = []
        self.room = threading.Event()
        self.room.set()

    def accept(self, entries: Iterable[Entry]) -> None:
        self.data += [entry.data for entry in entries]

    def wait_for_room(self) -> None:
        self.room.wait(DEADLINE_S)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stream(clock: Clock) -> StreamInMemory:
    return StreamInMemory(clock, Doorbell())


@contextmanager
def reading(
    stream: StreamInMemory, basket: Basket, before: Callable[[], None] = lambda: None
) -> Iterator[KinesisSource]:
    """A reader that was opened, then `before` happened, then it started."""
    source = KinesisSource(stream, ARN, basket, clock=stream.clock, bell=stream.bell)
    source.open()
    before()
    source.start()
    try:
        yield source
    finally:
        source.stop()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_nothing_is_pending_before_the_bell_rings_and_something_is_from_then_on(stream: StreamInMemory) -> None:
    basket = Basket()
    basket.room.clear()
    with reading(stream, basket) as source:
        assert source.pending() == []
        stream.put("0", b"a")
        stream.ring()
        assert source.pending() != []
        basket.room.set()
        until(lambda: source.pending() == [])
    assert basket.data == [b"a"]


def test_a_shard_is_read_until_it_says_that_nothing_is_left_and_not_once_more(stream: StreamInMemory) -> None:
    basket = Basket()
    with reading(stream, basket) as source:
        for number in range(7):
            stream.put("0", b"%d" % number)
        stream.ring()
        until(lambda: source.pending() == [])
    assert basket.data == [b"%d" % number for number in range(7)]
    assert stream.reads == 3


def test_an_iterator_that_expires_before_the_first_read_still_finds_the_first_record(
    stream: StreamInMemory, clock: Clock
) -> None:
    stream.put("0", b"before")
    clock.advance(0.01)

    def before() -> None:
        stream.put("0", b"first")
        clock.advance(ITERATOR_LIFE_S + 1)

    basket = Basket()
    with reading(stream, basket, before) as source:
        stream.ring()
        until(lambda: bool(basket.data) and not source.pending())
    assert basket.data == [b"first"]
    assert stream.calls == ["LATEST", "AT_TIMESTAMP"]


def test_an_iterator_that_expires_later_goes_on_after_the_last_record(stream: StreamInMemory, clock: Clock) -> None:
    basket = Basket()
    with reading(stream, basket) as source:
        stream.put("0", b"a")
        stream.ring()
        until(lambda: basket.data == [b"a"] and not source.pending())
        stream.put("0", b"b")
        clock.advance(ITERATOR_LIFE_S + 1)
        stream.ring()
        until(lambda: len(basket.data) > 1 and not source.pending())
    assert basket.data == [b"a", b"b"]
    assert stream.calls == ["LATEST", "AFTER_SEQUENCE_NUMBER"]


def test_children_are_read_once_all_their_parents_are(clock: Clock) -> None:
    stream = StreamInMemory(clock, Doorbell(), shards=2)
    basket = Basket()

    def before() -> None:
        for number in range(5):
            stream.put("0", b"parent 0")
            if number < 2:
                stream.put("1", b"parent 1")
        stream.replace(["0", "1"], "2")
        stream.put("2", b"child")
        stream.replace(["2"], "3")
        stream.put("3", b"grandchild")

    with reading(stream, basket, before) as source:
        stream.ring()
        until(lambda: b"grandchild" in basket.data and not source.pending())
    assert sorted(basket.data[:7]) == [b"parent 0"] * 5 + [b"parent 1"] * 2
    assert basket.data[7:] == [b"child", b"grandchild"]


def test_a_read_that_fails_is_told_and_done_again(stream: StreamInMemory, clock: Clock) -> None:
    stream.errors = ["ProvisionedThroughputExceededException"] * 8
    basket = Basket()
    with reading(stream, basket) as source:
        stream.put("0", b"a")
        stream.ring()
        until(lambda: any("Throughput" in item.what for item in source.pending()))
        while not basket.data:
            clock.advance(1)
        until(lambda: not source.pending())
    assert basket.data == [b"a"]


def test_the_slow_poll_makes_up_for_a_bell_that_did_not_ring(
    stream: StreamInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "POLL_S", 0.05)
    basket = Basket()
    with reading(stream, basket):
        stream.put("0", b"a")
        until(lambda: basket.data == [b"a"])


def test_a_stream_that_was_made_again_is_read_from_its_beginning(stream: StreamInMemory, clock: Clock) -> None:
    basket = Basket()
    with reading(stream, basket) as source:
        stream.put("0", b"a")
        stream.replace(["0"], "1")
        stream.ring()
        until(lambda: "TRIM_HORIZON" in stream.calls and not source.pending())
        stream.records, stream.parents, stream.closed = {"0": [], "1": []}, {"0": [], "1": []}, set()
        stream._described = lambda shard: {  # type: ignore[method-assign]
            "ShardId": shard,
            "SequenceNumberRange": {"StartingSequenceNumber": "another"},
        }
        stream.put("0", b"b")
        stream.errors = ["ResourceNotFoundException"]
        stream.ring()
        until(lambda: len(basket.data) > 1 and not source.pending())
    assert basket.data == [b"a", b"b"]
    assert stream.calls == ["LATEST", "TRIM_HORIZON", "TRIM_HORIZON", "TRIM_HORIZON"]


def test_a_child_that_cannot_be_listed_yet_is_pending(stream: StreamInMemory, clock: Clock) -> None:
    basket = Basket()
    with reading(stream, basket) as source:
        stream.listing_errors = ["ServiceUnavailable"] * 8
        stream.replace(["0"], "1")
        stream.put("1", b"child")
        stream.ring()
        while stream.listing_errors:
            assert source.pending() != []
            clock.advance(1)
        until(lambda: clock.advance(1) > 0 and not source.pending())
    assert basket.data == [b"child"]


def test_a_stream_that_is_gone_is_not_pending(stream: StreamInMemory, clock: Clock) -> None:
    basket = Basket()
    with reading(stream, basket) as source:
        stream.errors, stream.listing_errors = ["ResourceNotFoundException"], ["ResourceNotFoundException"] * 1000
        stream.ring()
        until(lambda: not source._shards)
        until(lambda: not source.pending())
        stream.listing_errors = ["ServiceUnavailable"] * 3
        stream.ring()
        while stream.listing_errors:
            assert source.pending() != []
            clock.advance(1)
        until(lambda: not source.pending())


def test_a_shard_of_a_new_stream_is_not_the_finished_one_of_the_same_id(stream: StreamInMemory, clock: Clock) -> None:
    basket = Basket()
    with reading(stream, basket) as source:
        stream.put("0", b"a")
        stream.replace(["0"], "1")
        stream.ring()
        until(lambda: "TRIM_HORIZON" in stream.calls and not source.pending())
        stream.records, stream.parents, stream.closed = {"0": []}, {"0": []}, set()
        stream._described = lambda shard: {  # type: ignore[method-assign]
            "ShardId": shard,
            "SequenceNumberRange": {"StartingSequenceNumber": "another"},
        }
        stream.put("0", b"b")
        stream.errors = ["ResourceNotFoundException"]
        stream.ring()
        until(lambda: len(basket.data) > 1 and not source.pending())
    assert basket.data == [b"a", b"b"]
