"""Metrics that the emulator gathers, on their way to CloudWatch in few calls."""

import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import batched
from typing import Any

from localstack.aws.connect import connect_to
from localstack.utils.bootstrap import is_api_enabled

LOG = logging.getLogger(__name__)

MAX_METRICS = 500
"""Metrics of one call; AWS's limit is 1,000."""


@dataclass(frozen=True)
class Place:
    """An account and a region."""

    account: str
    region: str


type MetricData = defaultdict[tuple[Place, str], list[dict[str, Any]]]
"""Metric data by where they go: the place and the namespace."""


def put_metric_data(data: MetricData) -> None:
    """Put all of it; nothing where the stack has no CloudWatch. Raises ClientError for what is not taken."""
    if not is_api_enabled("cloudwatch"):
        return
    for (place, namespace), metrics in data.items():
        client = connect_to(aws_access_key_id=place.account, region_name=place.region).cloudwatch
        for batch in batched(metrics, MAX_METRICS, strict=False):
            client.put_metric_data(Namespace=namespace, MetricData=list(batch))


class Gauges:
    """What is measured once a minute, and before the clock is moved on, rather than counted when it happens."""

    def __init__(self) -> None:
        self._measures: dict[str, Callable[[], MetricData]] = {}

    def enrol(self, name: str, measure: Callable[[], MetricData]) -> None:
        """Have `measure` called each time; it returns metric data of this moment."""
        self._measures[name] = measure

    def strike_off(self, name: str) -> None:
        """Measure that no more; an unknown name is ignored."""
        self._measures.pop(name, None)

    def measure(self) -> None:
        """Measure everything now, and put it on CloudWatch; trouble is only logged."""
        for name, measure in list(self._measures.items()):
            try:
                put_metric_data(measure())
            except Exception:
                LOG.exception("%s could not be measured", name)


GAUGES = Gauges()
