"""The metrics of SQS's queues are gathered, and put on CloudWatch in few calls (`emulator.sqs.metrics`).

LocalStack makes a call of CloudWatch for each metric of each message, which costs several times what the message does.
"""

from types import ModuleType

from wavetank.emulator.patches import replace
from wavetank.emulator.runtime.on_import import when_imported
from wavetank.emulator.sqs.metrics import gather


def install() -> None:
    """Change the dispatcher as soon as LocalStack loads SQS."""
    when_imported("localstack.services.sqs.provider", gather_metrics)


def gather_metrics(provider: ModuleType) -> None:
    """Gather values that the provider would have put from a thread each. Raises TypeError for another dispatcher."""
    replace(provider, "CloudwatchDispatcher.dispatch_sqs_metric", gather, "queue_name", "metric", "value", "unit")
