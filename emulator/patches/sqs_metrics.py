"""The metrics of SQS's queues are gathered, and put on CloudWatch in few calls (`emulator.sqs.metrics`).

LocalStack makes a call of CloudWatch for each metric of each message, which costs several times what the message does.
It measures its queues once a minute of the wall clock.
"""

from types import ModuleType
from typing import Any

from wavetank.emulator.patches import replace
from wavetank.emulator.runtime.cloudwatch import GAUGES
from wavetank.emulator.runtime.on_import import when_imported
from wavetank.emulator.sqs.metrics import gather, measure

GAUGE = "sqs"


def install() -> None:
    """Change the dispatcher as soon as LocalStack loads SQS."""
    when_imported("localstack.services.sqs.provider", gather_metrics)


def gather_metrics(provider: ModuleType) -> None:
    """Gather values that the provider would have put from a thread each, and measure queues by the minute.

    Raises TypeError for another dispatcher, or another reporter.
    """
    replace(provider, "CloudwatchDispatcher.dispatch_sqs_metric", gather, "queue_name", "metric", "value", "unit")
    replace(provider, "CloudwatchPublishWorker.start", _measure_queues)
    replace(provider, "CloudwatchPublishWorker.stop", _measure_no_queues)


def _measure_queues(_worker: Any) -> None:
    GAUGES.enrol(GAUGE, measure)


def _measure_no_queues(_worker: Any) -> None:
    GAUGES.strike_off(GAUGE)
