"""What an SQS event source mapping was asked to do, checked and typed.

Source of names, defaults and ranges: AWS Lambda API reference, CreateEventSourceMapping, and the developer guide's
"Using Lambda with Amazon SQS".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wavetank.emulator.lambda_.mappings.stream.core.settings import REPORT_ITEM_FAILURES, BatchLimits

BATCH_SIZE = 10
DEFAULT_LIMITS = BatchLimits(records=BATCH_SIZE)
CONCURRENCY = 5
"""Batches at once without MaximumConcurrency: AWS begins with five, and adds more while the queue grows."""


@dataclass(frozen=True)
class QueueSettings:
    """One event source mapping between a queue and a function."""

    uuid: str
    function_arn: str
    queue_arn: str
    limits: BatchLimits = DEFAULT_LIMITS
    concurrency: int = CONCURRENCY
    reports_item_failures: bool = False
    filters: tuple[str, ...] = ()

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "QueueSettings":
        """Read an EventSourceMappingConfiguration; absent values are AWS's defaults."""
        filters = (config.get("FilterCriteria") or {}).get("Filters") or []
        return cls(
            uuid=config["UUID"],
            function_arn=config["FunctionArn"],
            queue_arn=config["EventSourceArn"],
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
