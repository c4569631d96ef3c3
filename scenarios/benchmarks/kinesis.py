"""How fast records go into a stream and out again over HTTP, whether depth slows that, and what a record costs to keep.

One stream of 4 shards is filled to a million records of 300 bytes, another to ten thousand. Both are then written
in turns, so that whatever else the machine does hits both alike.

- `put_per_s`: records a second, 500 a PutRecords, from two client processes, at a million records deep.
- `put_deep_over_shallow`: that rate over the rate at ten thousand deep.
- `get_per_s`: records a second, 10,000 a GetRecords, from the trim horizon of each shard of the deep stream.
- `bytes_per_record_overhead`: what the stack's memory grew by for each record of the fill, less its 300 bytes.
"""

import os
import time
import uuid
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from typing import Any

import psutil

from wavetank.emulator.stack.stack import Stack
from wavetank.scenarios.benchmarks.registry import BenchFailedError

SHARDS = 4
RECORD_BYTES = 300
BATCH = 500
DEEP = 1_000_000
SHALLOW = 10_000
ROUNDS = 20
ROUND_RECORDS = 5_000
READ_RECORDS = 200_000
FILLED_AT_ONCE = 100_000
CLIENTS = 2

Span = tuple[float, float]
"""When something began and ended, by `time.monotonic`."""


def run(stack: Stack) -> dict[str, float]:
    """Measure on a running stack; its streams are removed again. Needs about 0.6 GB in the stack.

    Raises BenchFailedError where a record did not go in or come out.
    """
    with ProcessPoolExecutor(CLIENTS, get_context("spawn")) as clients:
        deep, shallow = _Stream(stack, clients), _Stream(stack, clients)
        try:
            shallow.put(SHALLOW)
            process = psutil.Process(stack.control.status()["pid"])
            before = process.memory_info().rss
            for _ in range(DEEP // FILLED_AT_ONCE):
                deep.put(FILLED_AT_ONCE)
            overhead = (process.memory_info().rss - before) / DEEP - RECORD_BYTES
            took = {deep: 0.0, shallow: 0.0}
            for _ in range(ROUNDS):
                for stream in took:
                    took[stream] += stream.put(ROUND_RECORDS)
            return {
                "put_per_s": ROUNDS * ROUND_RECORDS / took[deep],
                "get_per_s": deep.get_rate(READ_RECORDS),
                "put_deep_over_shallow": took[shallow] / took[deep],
                "bytes_per_record_overhead": overhead,
            }
        finally:
            deep.remove()
            shallow.remove()


class _Stream:
    """A stream of random name, written and read by client processes of their own, as producers and consumers are."""

    def __init__(self, stack: Stack, clients: ProcessPoolExecutor) -> None:
        self._kinesis = stack.client("kinesis")
        self._endpoint_url = stack.endpoint_url
        self._clients = clients
        self._name = f"bench-kinesis-{uuid.uuid4().hex[:8]}"
        self._kinesis.create_stream(StreamName=self._name, ShardCount=SHARDS)
        self._kinesis.get_waiter("stream_exists").wait(StreamName=self._name, WaiterConfig={"Delay": 1})

    def put(self, count: int) -> float:
        """Put `count` records from every client at once; returns the seconds it took, without that of making them."""
        shares = [count // CLIENTS] * CLIENTS
        spans = self._clients.map(_put, [self._endpoint_url] * CLIENTS, [self._name] * CLIENTS, shares)
        return _length(list(spans))

    def get_rate(self, at_least: int) -> float:
        """Read from each shard's trim horizon until `at_least` records are there; returns records a second."""
        shards = [shard["ShardId"] for shard in self._kinesis.list_shards(StreamName=self._name)["Shards"]]
        shares = [at_least // SHARDS] * SHARDS
        places = [self._endpoint_url] * SHARDS, [self._name] * SHARDS
        read = list(self._clients.map(_read, *places, shards, shares))
        return sum(count for count, _ in read) / _length([span for _, span in read])

    def remove(self) -> None:
        """Delete it."""
        self._kinesis.delete_stream(StreamName=self._name)


def _length(spans: list[Span]) -> float:
    """Seconds from the first beginning to the last end."""
    return max(end for _, end in spans) - min(began for began, _ in spans)


@cache
def _client(endpoint_url: str) -> Any:
    """This process's client; a stack takes any credentials."""
    import boto3

    secret = "test"  # noqa: S105 - of no account
    return boto3.client(
        "kinesis",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key=secret,
    )


def _put(endpoint_url: str, stream: str, count: int) -> Span:
    """Put records, in a client process; when that began and ended, by the machine's clock."""
    client, data = _client(endpoint_url), os.urandom(RECORD_BYTES)
    batches = [
        [{"Data": data, "PartitionKey": str(number)} for number in range(first, min(first + BATCH, count))]
        for first in range(0, count, BATCH)
    ]
    began = time.monotonic()
    for records in batches:
        answer = client.put_records(StreamName=stream, Records=records)
        if answer["FailedRecordCount"]:
            raise BenchFailedError(f"{answer['FailedRecordCount']} records were not put")
    return began, time.monotonic()


def _read(endpoint_url: str, stream: str, shard: str, at_least: int) -> tuple[int, Span]:
    """Read a shard from its trim horizon, in a client process; how many records, and when that began and ended."""
    client, count = _client(endpoint_url), 0
    began = time.monotonic()
    position = {"StreamName": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    iterator = client.get_shard_iterator(**position)["ShardIterator"]
    while count < at_least:
        answer = client.get_records(ShardIterator=iterator)
        if not answer["Records"]:
            raise BenchFailedError(f"shard {shard} gave {count} records of {at_least}")
        count += len(answer["Records"])
        iterator = answer["NextShardIterator"]
    return count, (began, time.monotonic())
