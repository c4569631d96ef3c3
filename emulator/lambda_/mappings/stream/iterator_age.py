"""The IteratorAge metric of functions: how old their stream records were when they got them.

Source: AWS developer guide, "Using CloudWatch metrics with Lambda": milliseconds between when a stream receives
the last record in a batch and when the batch is sent to the function. One data point carries all batches of a minute,
or of those seconds of it after which it is published. Ages and data points have emulator time: an hour that is passed
over in a moment is an hour in the metric, too.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from wavetank.emulator.lambda_.mappings.function_client import internal_client
from wavetank.emulator.runtime.batcher import Reporter

LOG = logging.getLogger(__name__)

MINUTE_S = 60
HOP = "lambda.iterator-age"
NAMESPACE = "AWS/Lambda"


class IteratorAges:
    """Gathers the ages of each function, by its ARN and the minute, and hands them over together."""

    def __init__(self, put: Callable[[str, float, Sequence[float]], None]) -> None:
        """`put` gets a function, a minute (seconds since the epoch) and its ages in ms; trouble is only logged."""
        self._put = put
        self._lock = threading.Lock()
        self._ages_ms: defaultdict[tuple[str, float], list[float]] = defaultdict(list)
        self._reporter = Reporter(HOP, self.is_waiting, self.publish)

    def start(self) -> None:
        """Publish from now on, in the background; starting twice is no error."""
        self._reporter.start()

    def stop(self) -> None:
        """Publish no more."""
        self._reporter.stop()

    def note(self, function_arn: str, arrived: float, sent: float) -> None:
        """A batch whose last record arrived then was sent now; seconds since the epoch, in emulator time."""
        with self._lock:
            self._ages_ms[function_arn, sent // MINUTE_S * MINUTE_S].append(max(0.0, (sent - arrived) * 1000))

    def is_waiting(self) -> bool:
        """Whether any age was not published yet."""
        return bool(self._ages_ms)

    def publish(self) -> None:
        """Send what was gathered since the last time."""
        with self._lock:
            gathered, self._ages_ms = self._ages_ms, defaultdict(list)
        for (function_arn, minute_s), ages in gathered.items():
            try:
                self._put(function_arn, minute_s, ages)
            except Exception as error:
                LOG.debug("IteratorAge of %s was not published: %s", function_arn, error)


def put_ages(function_arn: str, minute_s: float, ages: Sequence[float]) -> None:
    """Put one data point, of this minute, with these ages in milliseconds."""
    _, _, _, region, account, _, function, *_ = function_arn.split(":")
    statistics = {"SampleCount": len(ages), "Sum": sum(ages), "Minimum": min(ages), "Maximum": max(ages)}
    datum = {
        "MetricName": "IteratorAge",
        "Dimensions": [{"Name": "FunctionName", "Value": function}],
        "Timestamp": datetime.fromtimestamp(minute_s, UTC),
        "StatisticValues": statistics,
        "Unit": "Milliseconds",
    }
    internal_client("cloudwatch", account, region).put_metric_data(Namespace=NAMESPACE, MetricData=[datum])


AGES = IteratorAges(put_ages)
