"""What can be set on a stream beside its shards: mode, retention, record size, encryption, monitoring."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from wavetank.emulator.kinesis.errors import InvalidArgument

MIN_RETENTION_HOURS = 24
MAX_RETENTION_HOURS = 8_760
DEFAULT_RECORD_KIB = 1_024


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
    wanted = set(names)
    return frozenset(ShardMetric) if ALL_METRICS in wanted else frozenset(map(ShardMetric, wanted))


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
