"""The AWS/Firehose metrics of a delivery stream: records taken, delivered and refused, and how old the oldest is.

Source: Firehose developer guide, "Monitor Amazon Data Firehose with CloudWatch metrics". DataFreshness is the age of
the oldest record that is not delivered: it is measured at each delivery, and each minute while a record waits.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from wavetank.emulator.runtime.cloudwatch import Place
from wavetank.emulator.runtime.meter import MINUTE_S, Meter, Sample, Series

NAMESPACE = "AWS/Firehose"
LONGEST_GAP_S = 86_400
"""The last minutes that are made up for where nobody asked for so long."""


class Metric(StrEnum):
    """A metric of a delivery stream, or the end of the name of one that each destination has."""

    INCOMING_RECORDS = "IncomingRecords"
    INCOMING_BYTES = "IncomingBytes"
    SOURCE_RECORDS = "DataReadFromKinesisStream.Records"
    SOURCE_BYTES = "DataReadFromKinesisStream.Bytes"
    SOURCE_BEHIND = "KinesisMillisBehindLatest"
    RECORDS = "Records"
    BYTES = "Bytes"
    SUCCESS = "Success"
    FRESHNESS = "DataFreshness"


class To(StrEnum):
    """The destinations, as the names of their metrics begin."""

    S3 = "DeliveryToS3"
    BACKUP = "BackupToS3"
    ENDPOINT = "DeliveryToHttpEndpoint"


UNITS = {Metric.FRESHNESS: "Seconds", Metric.SOURCE_BEHIND: "Milliseconds"} | dict.fromkeys(
    (Metric.BYTES, Metric.INCOMING_BYTES, Metric.SOURCE_BYTES), "Bytes"
)

type Value = tuple[Metric, float]
type Measure = Callable[[To | None, Sequence[Value]], None]
"""Takes values of metrics, of a destination or of the delivery stream itself."""


def ignore(_to: To | None, _values: Sequence[Value]) -> None:
    """Measure nothing."""


@dataclass(frozen=True)
class Waiting:
    """The oldest record that is not delivered: when it arrived, and since when its delivery fails, if it does."""

    to: To
    arrived: float
    failing_since: float | None


@dataclass
class StreamMetrics:
    """The metrics of one delivery stream, on their way to `meter`; `oldest` tells of the record that waits longest."""

    place: Place
    name: str
    meter: Meter
    oldest: Callable[[], Waiting | None] = lambda: None
    _looked: float = field(default=0.0, init=False)

    def measure(self, to: To | None, values: Sequence[Value]) -> None:
        """Take values that were measured now."""
        self.meter.add([(self._series(metric, to), value) for metric, value in values])

    def ages(self, now: float) -> Iterator[Sample]:
        """The age of the oldest record at the begin of each minute since the last time, this one's included.

        Of minutes that were passed over only those while its delivery failed: without failure it would have been over.
        """
        minute = now // MINUTE_S * MINUTE_S
        looked, self._looked = self._looked, minute
        waiting = self.oldest() if minute > looked else None
        if waiting is None:
            return
        first = max(looked + MINUTE_S, minute - LONGEST_GAP_S)
        if waiting.failing_since is None:
            first = minute
        else:
            first = max(first, min(waiting.failing_since // MINUTE_S * MINUTE_S + MINUTE_S, minute))
        while first <= minute:
            if first >= waiting.arrived:
                yield self._series(Metric.FRESHNESS, waiting.to), first, first - waiting.arrived
            first += MINUTE_S

    def _series(self, metric: Metric, to: To | None) -> Series:
        return Series(
            self.place,
            NAMESPACE,
            metric if to is None else f"{to}.{metric}",
            (("DeliveryStreamName", self.name),),
            UNITS.get(metric, "Count"),
        )
