"""How fast records go into a stream and out again over HTTP, whether depth slows that, and what a record costs to keep.

One stream of 4 shards is filled to a million records of 300 bytes, another to ten thousand. Both are then written
in turns, so that whatever else the machine does hits both alike.

- `put_per_s`: records a second, 500 a PutRecords, at a million records deep.
- `put_deep_over_shallow`: that rate over the rate at ten thousand deep.
- `get_per_s`: records a second, 10,000 a GetRecords, from the trim horizon of each shard of the deep stream.
- `bytes_per_record_overhead`: what the stack's memory grew by for each record of the fill, less its 300 bytes.
"""

import json
import os
import time
import urllib.request
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import psutil

SHARDS = 4
RECORD_BYTES = 300
BATCH = 500
DEEP = 1_000_000
SHALLOW = 10_000
ROUNDS = 20
ROUND_RECORDS = 5_000
READ_RECORDS = 200_000
WRITERS = 2


class BenchStack(Protocol):
    """What the benchmark needs of a stack."""

    @property
    def endpoint_url(self) -> str:
        """Where every AWS service answers."""

    def client(self, service: str) -> Any:
        """The boto3 client of a service."""


class Incomplete(RuntimeError):
    """Not every record went in or came out: the figures would mean nothing."""


def run(stack: BenchStack) -> dict[str, float]:
    """Measure on a running stack; its streams are removed again. Needs about 0.6 GB in the stack."""
    deep, shallow = _Stream(stack), _Stream(stack)
    try:
        shallow.put(SHALLOW)
        before = _memory(stack)
        deep.put(DEEP)
        overhead = (_memory(stack) - before) / DEEP - RECORD_BYTES
        deep_rate, shallow_rate = _in_turns(deep, shallow)
        return {
            "put_per_s": deep_rate,
            "get_per_s": deep.get_rate(READ_RECORDS),
            "put_deep_over_shallow": deep_rate / shallow_rate,
            "bytes_per_record_overhead": overhead,
        }
    finally:
        deep.remove()
        shallow.remove()


def _in_turns(*streams: "_Stream") -> list[float]:
    took = dict.fromkeys(streams, 0.0)
    for _ in range(ROUNDS):
        for stream in streams:
            took[stream] += stream.put(ROUND_RECORDS)
    return [ROUNDS * ROUND_RECORDS / seconds for seconds in took.values()]


def _memory(stack: BenchStack) -> int:
    with urllib.request.urlopen(f"{stack.endpoint_url}/_wavetank/status", timeout=10) as answer:  # noqa: S310
        return int(psutil.Process(json.load(answer)["pid"]).memory_info().rss)


class _Stream:
    """A stream of random name."""

    def __init__(self, stack: BenchStack) -> None:
        self._kinesis = stack.client("kinesis")
        self._name = f"bench-kinesis-{uuid.uuid4().hex[:8]}"
        self._kinesis.create_stream(StreamName=self._name, ShardCount=SHARDS)
        self._kinesis.get_waiter("stream_exists").wait(StreamName=self._name, WaiterConfig={"Delay": 1})

    def put(self, count: int) -> float:
        """Put `count` records from a few threads; returns the seconds it took, without that of making them."""
        took = 0.0
        for first in range(0, count, ROUND_RECORDS):
            batches = list(_batches(min(ROUND_RECORDS, count - first)))
            began = time.perf_counter()
            with ThreadPoolExecutor(WRITERS) as pool:
                list(pool.map(self._put, batches))
            took += time.perf_counter() - began
        return took

    def get_rate(self, at_least: int) -> float:
        """Read from each shard's trim horizon until `at_least` records are there; returns records a second."""
        shards = self._kinesis.list_shards(StreamName=self._name)["Shards"]
        began = time.perf_counter()
        with ThreadPoolExecutor(WRITERS) as pool:
            counts = pool.map(lambda shard: self._read(shard["ShardId"], at_least // SHARDS), shards)
        return sum(counts) / (time.perf_counter() - began)

    def remove(self) -> None:
        """Delete it."""
        self._kinesis.delete_stream(StreamName=self._name)

    def _put(self, records: list[dict[str, Any]]) -> None:
        answer = self._kinesis.put_records(StreamName=self._name, Records=records)
        if answer["FailedRecordCount"]:
            raise Incomplete(f"{answer['FailedRecordCount']} records were not put")

    def _read(self, shard: str, at_least: int) -> int:
        position = {"StreamName": self._name, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
        iterator = self._kinesis.get_shard_iterator(**position)["ShardIterator"]
        count = 0
        while count < at_least:
            answer = self._kinesis.get_records(ShardIterator=iterator)
            if not answer["Records"]:
                raise Incomplete(f"shard {shard} gave {count} records of {at_least}")
            count += len(answer["Records"])
            iterator = answer["NextShardIterator"]
        return count


def _batches(count: int) -> Iterator[list[dict[str, Any]]]:
    data = os.urandom(RECORD_BYTES)
    for first in range(0, count, BATCH):
        yield [{"Data": data, "PartitionKey": str(first + number)} for number in range(min(BATCH, count - first))]
