"""What AWS refuses in an SQS event source mapping and LocalStack lets pass.

Source: AWS Lambda API reference, CreateEventSourceMapping: ranges of the parameters.
"""

from collections.abc import Mapping
from typing import Any

from wavetank.emulator.lambda_.mappings.stream.core.validation import Range, RefusedSettings, check_range

MOST_MESSAGES = 10_000
MOST_MESSAGES_FIFO = 10
CONCURRENCY = Range("MaximumConcurrency", 2, 1000)
WINDOW = Range("MaximumBatchingWindowInSeconds", 0, 300)


def is_sqs(request: Mapping[str, Any]) -> bool:
    """Whether the event source is a queue."""
    return str(request.get("EventSourceArn") or "").split(":")[2:3] == ["sqs"]


def check(request: Mapping[str, Any]) -> None:
    """Raise RefusedSettings for what AWS does not take."""
    is_fifo = request["EventSourceArn"].endswith(".fifo")
    check_range(Range("BatchSize", 1, MOST_MESSAGES_FIFO if is_fifo else MOST_MESSAGES), request.get("BatchSize"))
    check_range(WINDOW, request.get(WINDOW.parameter))
    check_range(CONCURRENCY, (request.get("ScalingConfig") or {}).get(CONCURRENCY.parameter))
    if is_fifo and request.get(WINDOW.parameter):
        raise RefusedSettings("Batching window is not supported for FIFO queues")


def check_timeouts(visibility_s: int, function_s: int) -> None:
    """Raise RefusedSettings where messages would become visible while the function may still be at them."""
    if visibility_s < function_s:
        raise RefusedSettings(
            f"Queue visibility timeout: {visibility_s} seconds is less than Function timeout: {function_s} seconds"
        )
