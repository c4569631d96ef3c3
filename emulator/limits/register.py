"""The register of limits: which are enforced, with which value, and how often each refused something.

`WAVETANK_LIMITS` names those that are enforced from the start: names with commas between them, each with `=VALUE` where
it is not AWS's own value.
"""

import os
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

VARIABLE = "WAVETANK_LIMITS"


class Limit(StrEnum):
    """A limit that can be enforced."""

    ACCOUNT_CONCURRENCY = "account-concurrency"
    SHARD_LIMITS = "shard-limits"
    KINESIS_CALLS = "kinesis-calls"
    CLOUDWATCH_CALLS = "cloudwatch-calls"


@dataclass(frozen=True)
class Kind:
    """A limit's value on AWS, which is also the highest, and what it is counted in. source: AWS's page."""

    value: int
    unit: str
    source: str


KINDS: Mapping[Limit, Kind] = {
    Limit.ACCOUNT_CONCURRENCY: Kind(
        1_000,
        "invocations at once in an account and region",
        "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
    ),
    Limit.SHARD_LIMITS: Kind(
        1_000,
        "records a second into a shard; bytes in and out in proportion; five reads a second",
        "https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html",
    ),
    Limit.KINESIS_CALLS: Kind(
        20,
        "calls a second at most of each operation on streams, consumers and settings",
        "https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html",
    ),
    Limit.CLOUDWATCH_CALLS: Kind(
        500,
        "calls a second at most of each operation on metrics, alarms and dashboards",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html",
    ),
}


class InvalidLimitError(ValueError):
    """There is no such limit, or its value is none; the message says which there are."""


@dataclass(frozen=True)
class LimitStatus:
    """A limit, its value while it is enforced, and how often it refused something since then."""

    limit: Limit
    value: int | None
    refused: int


class Limits:
    """The limits that are enforced; every method may be called from any thread."""

    def __init__(self, text: str = "") -> None:
        self._lock = threading.Lock()
        self._refused: Counter[Limit] = Counter()
        self._values: dict[Limit, int] = {}
        for entry in filter(None, (part.strip() for part in text.split(","))):
            name, sign, value = entry.partition("=")
            if sign and not value.isdecimal():
                raise InvalidLimitError(f"{VARIABLE}: {entry}: the value of a limit is a whole number")
            self.enforce(name, int(value) if sign else None)

    def enforce(self, name: str, value: object = None) -> LimitStatus:
        """Enforce a limit with a value from 1 to AWS's own, which it has without one; its refusals count anew.

        Raises InvalidLimitError.
        """
        limit = _named(name)
        kind = KINDS[limit]
        number = kind.value if value is None else value
        if isinstance(number, float) and number.is_integer():
            number = int(number)
        if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= kind.value:
            raise InvalidLimitError(f"{limit} is a whole number from 1 to {kind.value:,} ({kind.unit})")
        with self._lock:
            self._values = {**self._values, limit: number}
            self._refused[limit] = 0
        return LimitStatus(limit, number, 0)

    def release(self, name: str | None = None) -> None:
        """Enforce a limit no more; without a name, none. Raises InvalidLimitError for a name that is none."""
        limits = list(Limit) if name is None else [_named(name)]
        with self._lock:
            self._values = {limit: value for limit, value in self._values.items() if limit not in limits}
            for limit in limits:
                self._refused[limit] = 0

    def value(self, limit: Limit) -> int | None:
        """The value of a limit while it is enforced."""
        return self._values.get(limit)

    def share(self, limit: Limit) -> float | None:
        """The value of a limit as a part of AWS's own, while it is enforced."""
        value = self._values.get(limit)
        return None if value is None else value / KINDS[limit].value

    def refuse(self, limit: Limit, times: int = 1) -> None:
        """Count what a limit refused."""
        with self._lock:
            self._refused[limit] += times

    def statuses(self) -> list[LimitStatus]:
        """Every limit there is."""
        with self._lock:
            return [LimitStatus(limit, self._values.get(limit), self._refused[limit]) for limit in Limit]


def _named(name: str) -> Limit:
    if name not in set(Limit):
        raise InvalidLimitError(f"there is no limit {name!r}; there are: {', '.join(Limit)}")
    return Limit(name)


LIMITS = Limits(os.environ.get(VARIABLE, ""))
