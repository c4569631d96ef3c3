"""Settings of an SQS event source mapping, typed; and those that AWS refuses and LocalStack lets pass.

Source of names, defaults and ranges: AWS Lambda API reference, CreateEventSourceMapping, and the developer guide's
"Using Lambda with Amazon SQS".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wavetank.emulator.lambda_.mappings.batch_window import BatchLimits
from wavetank.emulator.lambda_.mappings.stream.core.settings import (
    REPORT_ITEM_FAILURES,
    Range,
    RefusedSettings,
    check_range,
)

BATCH_SIZE = 10
DEFAULT_LIMITS = BatchLimits(records=BATCH_SIZE)
CONCURRENCY = 5
"""Batches at once without MaximumConcurrency: AWS begins with five, and adds more while the queue grows."""

MOST_MESSAGES = 10_000
MOST_MESSAGES_FIFO = 10
CONCURRENCY_RANGE = Range("MaximumConcurrency", 2, 1000)
WINDOW_RANGE = Range("MaximumBatchingWindowInSeconds", 0, 300)


@dataclass(frozen=True)
class QueueSettings:
    """An event source mapping between a queue and a function."""

    uuid: str
    function_arn: str
    queue_arn: str
    role_arn: str = ""
    limits: BatchLimits = DEFAULT_LIMITS
    concurrency: int = CONCURRENCY
    reports_item_failures: bool = False
    filters: tuple[str, ...] = ()

    @classmethod
    def from_config(cls, config: Mapping[str, Any], role_arn: str = "") -> "QueueSettings":
        """Read an EventSourceMappingConfiguration; absent values are AWS's defaults."""
        filters = (config.get("FilterCriteria") or {}).get("Filters") or []
        return cls(
            uuid=config["UUID"],
            function_arn=config["FunctionArn"],
            queue_arn=config["EventSourceArn"],
            role_arn=role_arn,
            limits=BatchLimits(
                records=config.get("BatchSize") or BATCH_SIZE,
                window_s=config.get("MaximumBatchingWindowInSeconds") or 0,
            ),
            concurrency=(config.get("ScalingConfig") or {}).get("MaximumConcurrency") or CONCURRENCY,
            reports_item_failures=REPORT_ITEM_FAILURES in (config.get("FunctionResponseTypes") or []),
            filters=tuple(entry["Pattern"] for entry in filters),
        )

    @property
    def queue_name(self) -> str:
        """Name of the queue."""
        return self.queue_arn.rpartition(":")[2]

    @property
    def function_name(self) -> str:
        """Name of the function, without version or alias."""
        return self.function_arn.split(":")[6]

    @property
    def title(self) -> str:
        """The mapping in words: `concatenator <- merges`."""
        return f"{self.function_arn.partition(':function:')[2]} <- {self.queue_name}"


def is_sqs(request: Mapping[str, Any]) -> bool:
    """Whether the event source is a queue."""
    return str(request.get("EventSourceArn") or "").split(":")[2:3] == ["sqs"]


def check(request: Mapping[str, Any]) -> None:
    """Raise RefusedSettings for what AWS does not take."""
    is_fifo = request["EventSourceArn"].endswith(".fifo")
    check_range(Range("BatchSize", 1, MOST_MESSAGES_FIFO if is_fifo else MOST_MESSAGES), request.get("BatchSize"))
    check_range(WINDOW_RANGE, request.get(WINDOW_RANGE.parameter))
    check_range(CONCURRENCY_RANGE, (request.get("ScalingConfig") or {}).get(CONCURRENCY_RANGE.parameter))
    if is_fifo and request.get(WINDOW_RANGE.parameter):
        raise RefusedSettings("Batching window is not supported for FIFO queues")


def check_timeouts(visibility_s: int, function_s: int) -> None:
    """Raise RefusedSettings where messages would become visible while the function may still be at them."""
    if visibility_s < function_s:
        raise RefusedSettings(
            f"Queue visibility timeout: {visibility_s} seconds is less than Function timeout: {function_s} seconds"
        )
