"""The settings of a stream (mode, retention, record size, encryption, monitoring) and of an account."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from wavetank.emulator.kinesis.errors import InvalidArgument

MIN_RETENTION_HOURS = 24
MAX_RETENTION_HOURS = 8_760
DEFAULT_RECORD_KIB = 1_024
COMMITMENT_MS = 24 * 3_600_000


class Mode(StrEnum):
    """The capacity mode (AWS: StreamMode)."""

    PROVISIONED = "PROVISIONED"
    ON_DEMAND = "ON_DEMAND"


class ShardMetric(StrEnum):
    """A shard-level metric of enhanced monitoring (AWS: MetricsName, without ALL)."""

    INCOMING_BYTES = "IncomingBytes"
    INCOMING_RECORDS = "IncomingRecords"
    ITERATOR_AGE = "IteratorAgeMilliseconds"
    OUTGOING_BYTES = "OutgoingBytes"
    OUTGOING_RECORDS = "OutgoingRecords"
    READ_THROTTLED = "ReadProvisionedThroughputExceeded"
    WRITE_THROTTLED = "WriteProvisionedThroughputExceeded"


ALL_METRICS = "ALL"


def shard_metrics(names: Iterable[str]) -> frozenset[ShardMetric]:
    """The metrics that a list of names means; ALL means each of them."""
    distinct = set(names)
    return frozenset(ShardMetric) if ALL_METRICS in distinct else frozenset(map(ShardMetric, distinct))


@dataclass(slots=True)
class StreamSettings:
    """The settings of one stream; sizes in KiB, retention in hours."""

    mode: Mode = Mode.PROVISIONED
    retention_hours: int = MIN_RETENTION_HOURS
    max_record_kib: int = DEFAULT_RECORD_KIB
    warm_throughput_mibps: int | None = None
    kms_key: str | None = None
    metrics: frozenset[ShardMetric] = field(default_factory=frozenset)
    tags: dict[str, str] = field(default_factory=dict)
    policy: str | None = None

    @property
    def encryption(self) -> str:
        """KMS while a key is set, else NONE."""
        return "KMS" if self.kms_key else "NONE"

    def increase_retention(self, hours: int, stream: str) -> None:
        """Keep a stream's records longer; raises InvalidArgument for less than now or more than a year."""
        _check_retention(hours)
        if hours < self.retention_hours:
            raise InvalidArgument(
                f"Requested retention period ({hours} hours) for stream {stream} can not be shorter than existing "
                f"retention period ({self.retention_hours} hours). Use DecreaseRetentionPeriod API."
            )
        self.retention_hours = hours

    def decrease_retention(self, hours: int, stream: str) -> None:
        """Keep a stream's records shorter; raises InvalidArgument for more than now or less than a day."""
        _check_retention(hours)
        if hours > self.retention_hours:
            raise InvalidArgument(
                f"Requested retention period ({hours} hours) for stream {stream} can not be longer than existing "
                f"retention period ({self.retention_hours} hours). Use IncreaseRetentionPeriod API."
            )
        self.retention_hours = hours


def _check_retention(hours: int) -> None:
    if hours > MAX_RETENTION_HOURS:
        raise InvalidArgument(
            f"Maximum allowed retention period is {MAX_RETENTION_HOURS} hours. "
            f"Requested retention period ({hours} hours) is too long."
        )
    if hours < MIN_RETENTION_HOURS:
        raise InvalidArgument(
            f"Minimum allowed retention period is {MIN_RETENTION_HOURS} hours. "
            f"Requested retention period ({hours} hours) is too short."
        )


@dataclass(slots=True)
class Commitment:
    """An account's minimum throughput billing commitment: on, off, or off once its minimum of a day is over.

    Times are in milliseconds since the epoch.
    """

    started_ms: int | None = None
    ended_ms: int | None = None

    @property
    def earliest_end_ms(self) -> int | None:
        """The earliest end of a commitment that is on."""
        return None if self.started_ms is None else self.started_ms + COMMITMENT_MS

    def is_on(self, now_ms: int) -> bool:
        """Whether the commitment holds now."""
        return self.started_ms is not None and (self.ended_ms is None or now_ms < self.ended_ms)

    def status(self, now_ms: int) -> str:
        """The status as AWS names it: MinimumThroughputBillingCommitmentOutputStatus."""
        if not self.is_on(now_ms):
            return "DISABLED"
        return "ENABLED" if self.ended_ms is None else "ENABLED_UNTIL_EARLIEST_ALLOWED_END"

    def switch(self, on: bool, now_ms: int) -> None:
        """Turn the commitment on, or off as soon as that is allowed."""
        if on and not self.is_on(now_ms):
            self.started_ms = now_ms
        if on:
            self.ended_ms = None
        elif self.is_on(now_ms) and self.earliest_end_ms is not None:
            self.ended_ms = max(now_ms, self.earliest_end_ms)
