"""Rates of calls: an operation that an account calls more often within a second than AWS allows is refused.

Calls of functions and clients count, those between services do not. The rates are of an account and region, over any
second of emulator time. Sources: Kinesis developer guide, "Quotas and limits", and CloudWatch user guide, "CloudWatch
service quotas".
"""

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

from localstack.aws import handlers
from localstack.aws.api import CommonServiceException

from wavetank.emulator.limits.register import LIMITS, Limit
from wavetank.emulator.runtime.clock import CLOCK

WINDOW_S = 1.0
_OFTEN = 5

KINESIS: Mapping[str, int] = {
    "AddTagsToStream": _OFTEN, "CreateStream": _OFTEN, "DecreaseStreamRetentionPeriod": _OFTEN, "DeleteStream": _OFTEN,
    "DeregisterStreamConsumer": _OFTEN, "DescribeLimits": 1, "DescribeStream": 10, "DescribeStreamConsumer": 20,
    "DescribeStreamSummary": 20, "DisableEnhancedMonitoring": _OFTEN, "EnableEnhancedMonitoring": _OFTEN,
    "IncreaseStreamRetentionPeriod": _OFTEN, "ListStreamConsumers": _OFTEN, "ListStreams": _OFTEN,
    "ListTagsForStream": _OFTEN, "MergeShards": _OFTEN, "RegisterStreamConsumer": _OFTEN,
    "RemoveTagsFromStream": _OFTEN, "SplitShard": _OFTEN,
}  # fmt: skip
"""Operation → calls a second in an account; those that AWS counts by stream or shard are left alone."""
CLOUDWATCH: Mapping[str, int] = {
    "DescribeAlarms": 9, "GetMetricData": 50, "GetMetricStatistics": 400, "ListMetrics": 25, "PutMetricAlarm": 3,
    "PutMetricData": 500,
}  # fmt: skip
RATES: Mapping[str, tuple[Limit, Mapping[str, int]]] = {
    "kinesis": (Limit.KINESIS_CALLS, KINESIS),
    "cloudwatch": (Limit.CLOUDWATCH_CALLS, CLOUDWATCH),
}
"""By service, the limit and the rates of its operations."""

Caller = tuple[str, str, str, str]
"""An account, a region, a service and an operation."""


class Rates:
    """The calls of the last second, by who calls what."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[Caller, deque[float]] = {}

    def admit(self, caller: Caller, most: int, now: float) -> bool:
        """Whether a call is within `most` a second; counts it if it is."""
        with self._lock:
            calls = self._calls.setdefault(caller, deque())
            while calls and calls[0] <= now - WINDOW_S:
                calls.popleft()
            if len(calls) >= most:
                return False
            calls.append(now)
            return True


_RATES = Rates()


def install() -> None:
    """Look at every AWS call from now on."""
    handlers.serve_custom_service_request_handlers.append(_before)


def uninstall() -> None:
    """Look at calls no more; harmless where the handler is not installed."""
    chain = handlers.serve_custom_service_request_handlers
    if _before in chain.handlers:
        chain.remove(_before)


def _before(_chain: Any, context: Any, _response: Any) -> None:
    if context.operation is None or context.is_internal_call:
        return
    service, operation = context.service.service_name, context.operation.name
    limit, rates = RATES.get(service, (None, {}))
    if limit is None or operation not in rates or (value := LIMITS.value(limit)) is None:
        return
    caller = (context.account_id, context.region, service, operation)
    if not _RATES.admit(caller, min(value, rates[operation]), CLOCK.now()):
        LIMITS.refuse(limit)
        raise _refusal(limit)


def _refusal(limit: Limit) -> CommonServiceException:
    """The error of a call that comes too soon: each service has its own."""
    code = "LimitExceededException" if limit is Limit.KINESIS_CALLS else "Throttling"
    # Some protocols send the name of the class, which has to be that of a real error.
    kind = type(code, (CommonServiceException,), {})
    return kind(code, "Rate exceeded", status_code=400, sender_fault=True)
