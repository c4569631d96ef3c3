"""Metrics that the emulator gathers, on their way to LocalStack's CloudWatch in few calls."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import batched
from typing import Any

from localstack.aws.connect import connect_to
from localstack.utils.bootstrap import is_api_enabled

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
