"""The metrics of Kinesis on their way to LocalStack's CloudWatch."""

import logging
from collections import defaultdict
from datetime import UTC, datetime
from itertools import batched
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from localstack.aws.connect import connect_to
from localstack.services.plugins import SERVICE_PLUGINS

from wavetank.emulator.kinesis.metrics import Batch

LOG = logging.getLogger(__name__)
NAMESPACE = "AWS/Kinesis"
MOST_DATA = 500


def is_running() -> bool:
    """Whether CloudWatch is in use already: metrics alone are no reason to load it."""
    return bool(SERVICE_PLUGINS.is_running("cloudwatch"))


def send(batch: Batch) -> None:
    """Put a batch of metrics; those that CloudWatch does not take are given up with a warning."""
    places: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for (series, minute), statistic in batch.items():
        unit = "Count"
        if series.metric.endswith("Bytes"):
            unit = "Bytes"
        elif series.metric.endswith(("Milliseconds", "MillisBehindLatest")):
            unit = "Milliseconds"
        dimensions = {"StreamName": series.stream, "ShardId": series.shard, "ConsumerName": series.consumer}
        datum = {
            "MetricName": series.metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items() if value],
            "Timestamp": datetime.fromtimestamp(minute, UTC),
            "StatisticValues": {
                "SampleCount": statistic.count,
                "Sum": statistic.total,
                "Minimum": statistic.least,
                "Maximum": statistic.most,
            },
            "Unit": unit,
        }
        places[series.account, series.region].append(datum)
    for (account, region), data in places.items():
        client = connect_to(aws_access_key_id=account, region_name=region).cloudwatch
        for part in batched(data, MOST_DATA, strict=False):
            try:
                client.put_metric_data(Namespace=NAMESPACE, MetricData=list(part))
            except (BotoCoreError, ClientError) as error:
                LOG.warning("CloudWatch did not take %d metrics of Kinesis: %s", len(part), error)
