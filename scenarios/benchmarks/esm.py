"""How fast records reach a function, how soon, and what a mapping costs that has nothing to do.

- `records_per_s`: a backlog of 200,000 records on 4 shards through a no-op function, from the moment the mapping is
  made until nothing is in flight; starting the function's environments is part of it.
- `latency_p50_ms`: from before a single put until the handler has the record, the stack being idle before.
- `idle_cpu_percent`: of one core, by the whole stack, while the mapping has nothing to read.
"""

import io
import statistics
import time
import uuid
import zipfile

import psutil

from wavetank.emulator.stack.stack import Stack
from wavetank.scenarios.benchmarks.registry import BenchFailedError

SHARDS = 4
RECORDS = 200_000
RECORD_BYTES = 300
PUT_RECORDS = 500
BATCH_RECORDS = 10_000
SINGLE_PUTS = 40
IDLE_S = 4.0
DEADLINE_S = 120.0

COUNTS = b"""
def handler(event, context):
    print("COUNT", len(event["Records"]))
"""

TIMES = b"""
import base64, time
def handler(event, context):
    now = time.time()
    for record in event["Records"]:
        print("LATENCY", now - float(base64.b64decode(record["kinesis"]["data"])))
"""


def run(stack: Stack) -> dict[str, float]:
    """Measure on a running stack; what this makes there has names of its own and is removed again.

    Raises BenchFailedError where a record did not come through.
    """
    backlog = _Mapping(stack, COUNTS, SHARDS)
    latency = _Mapping(stack, TIMES, SHARDS)
    try:
        for _ in range(RECORDS // PUT_RECORDS):
            backlog.put([b"x" * RECORD_BYTES] * PUT_RECORDS)
        began = time.perf_counter()
        backlog.begin()
        backlog.settle()
        took = time.perf_counter() - began
        counts = backlog.until_logged("COUNT", RECORDS, total=True)
        if sum(counts) != RECORDS:
            raise BenchFailedError(f"the function got {sum(counts):.0f} records of {RECORDS}")
        latency.begin()
        for _ in range(SINGLE_PUTS):
            latency.settle()
            latency.put([repr(time.time()).encode()])
        latencies = latency.until_logged("LATENCY", SINGLE_PUTS)
        return {
            "records_per_s": RECORDS / took,
            # The first puts start the environments, one for each shard that is hit.
            "latency_p50_ms": statistics.median(sorted(latencies)[: SINGLE_PUTS - SHARDS]) * 1000,
            "idle_cpu_percent": psutil.Process(stack.control.status()["pid"]).cpu_percent(interval=IDLE_S),
        }
    finally:
        backlog.remove()
        latency.remove()


class _Mapping:
    """A stream, a function, and the mapping between them."""

    def __init__(self, stack: Stack, code: bytes, shards: int) -> None:
        self.name = f"bench-esm-{uuid.uuid4().hex[:8]}"
        self._stack = stack
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as package:
            package.writestr("index.py", code)
        self._kinesis, self._lambda = stack.client("kinesis"), stack.client("lambda")
        self._logs = stack.client("logs")
        self._mapping: str | None = None
        self._kinesis.create_stream(StreamName=self.name, ShardCount=shards)
        self._kinesis.get_waiter("stream_exists").wait(StreamName=self.name, WaiterConfig={"Delay": 1})
        self._lambda.create_function(
            FunctionName=self.name,
            Runtime="python3.13",
            Handler="index.handler",
            Role="arn:aws:iam::000000000000:role/bench",
            Timeout=60,
            Code={"ZipFile": archive.getvalue()},
        )
        self._lambda.get_waiter("function_active_v2").wait(FunctionName=self.name)

    def put(self, payloads: list[bytes]) -> None:
        """Put records with keys of their own."""
        records = [{"Data": data, "PartitionKey": uuid.uuid4().hex} for data in payloads]
        answer = self._kinesis.put_records(StreamName=self.name, Records=records)
        if answer["FailedRecordCount"]:
            raise BenchFailedError(f"{answer['FailedRecordCount']} records were not put")

    def begin(self) -> None:
        """Make the mapping."""
        summary = self._kinesis.describe_stream_summary(StreamName=self.name)
        answer = self._lambda.create_event_source_mapping(
            FunctionName=self.name,
            EventSourceArn=summary["StreamDescriptionSummary"]["StreamARN"],
            StartingPosition="TRIM_HORIZON",
            BatchSize=BATCH_RECORDS,
        )
        self._mapping = answer["UUID"]

    def settle(self) -> None:
        """Return once nothing is in flight."""
        self._stack.settle(DEADLINE_S)

    def until_logged(self, word: str, enough: int, *, total: bool = False) -> list[float]:
        """The numbers that the handler printed behind `word`; logs arrive a little later than results."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            try:
                pages = self._logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{self.name}")
                lines = [event["message"] for page in pages for event in page["events"]]
            except self._logs.exceptions.ResourceNotFoundException:
                lines = []
            numbers = [float(line.split()[1]) for line in lines if line.startswith(word)]
            if (sum(numbers) if total else len(numbers)) >= enough:
                return numbers
            if time.monotonic() > deadline:
                raise BenchFailedError(f"{len(numbers)} lines of {word} in the log of {self.name}")
            time.sleep(0.1)

    def remove(self) -> None:
        """Take it all away again."""
        if self._mapping is not None:
            self._lambda.delete_event_source_mapping(UUID=self._mapping)
        self._lambda.delete_function(FunctionName=self.name)
        self._kinesis.delete_stream(StreamName=self.name)
