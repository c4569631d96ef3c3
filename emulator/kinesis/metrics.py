"""The AWS/Kinesis metrics: counted where things happen, sent to CloudWatch by a reporter.

Names and units from the Developer Guide, "Monitor the Amazon Kinesis Data Streams service with CloudWatch".
Values are summed up per minute before they are sent. Nothing is sent before CloudWatch runs: what was counted
until then waits, and the oldest of it is given up when there is too much.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

MOST_WAITING = 20_000
MINUTE_S = 60


class Metric(StrEnum):
    """A stream-level metric."""

    INCOMING_BYTES = "IncomingBytes"
    INCOMING_RECORDS = "IncomingRecords"
    PUT_BYTES = "PutRecord.Bytes"
    PUT_SUCCESS = "PutRecord.Success"
    BATCH_BYTES = "PutRecords.Bytes"
    BATCH_SUCCESS = "PutRecords.Success"
    BATCH_TOTAL = "PutRecords.TotalRecords"
    BATCH_SUCCESSFUL = "PutRecords.SuccessfulRecords"
    BATCH_FAILED = "PutRecords.FailedRecords"
    BATCH_THROTTLED = "PutRecords.ThrottledRecords"
    READ_BYTES = "GetRecords.Bytes"
    READ_RECORDS = "GetRecords.Records"
    READ_SUCCESS = "GetRecords.Success"
    ITERATOR_AGE = "GetRecords.IteratorAgeMilliseconds"
    PUSHED_BYTES = "SubscribeToShardEvent.Bytes"
    PUSHED_RECORDS = "SubscribeToShardEvent.Records"
    PUSHED_BEHIND = "SubscribeToShardEvent.MillisBehindLatest"
    READ_THROTTLED = "ReadProvisionedThroughputExceeded"
    WRITE_THROTTLED = "WriteProvisionedThroughputExceeded"
    TRIMMED_RECORDS = "TrimmedRecords"
    TRIMMED_BYTES = "TrimmedBytes"


@dataclass(frozen=True, slots=True)
class Series:
    """One series of values: whose, of what, about which stream and (enhanced monitoring) shard or consumer."""

    account: str
    region: str
    metric: str
    stream: str
    shard: str | None = None
    consumer: str | None = None


@dataclass(slots=True)
class Statistic:
    """What CloudWatch calls a statistic set."""

    count: int = 0
    total: float = 0.0
    least: float = float("inf")
    most: float = float("-inf")

    def add(self, value: float) -> None:
        """Count one value."""
        self.count += 1
        self.total += value
        self.least = min(self.least, value)
        self.most = max(self.most, value)


type Batch = dict[tuple[Series, int], Statistic]


class Meter:
    """Counts values by series and minute until they are taken."""

    def __init__(self, wall_clock: Callable[[], float] = time.time) -> None:
        self._wall_clock = wall_clock
        self._lock = threading.Lock()
        self._waiting: Batch = {}

    def add(self, values: Iterable[tuple[Series, float]]) -> None:
        """Count one value of each series now."""
        minute = int(self._wall_clock()) // MINUTE_S * MINUTE_S
        with self._lock:
            for series, value in values:
                key = (series, minute)
                statistic = self._waiting.get(key)
                if statistic is None:
                    statistic = self._waiting[key] = Statistic()
                statistic.add(value)
            while len(self._waiting) > MOST_WAITING:
                del self._waiting[next(iter(self._waiting))]

    def is_waiting(self) -> bool:
        """Whether anything was counted since the last time."""
        return bool(self._waiting)

    def take(self) -> Batch:
        """Everything counted since the last time."""
        with self._lock:
            taken, self._waiting = self._waiting, {}
        return taken


METER = Meter()
