"""Statistics of a bucket of values, by their names.

Source: Amazon CloudWatch User Guide, "CloudWatch statistics definitions": percentiles (pNN), trimmed means (tmNN and
TM(a:b)) and the interquartile mean (IQM), beside the five that need no distribution.
"""

import re
from collections.abc import Callable
from functools import cache, partial

from wavetank.emulator.cloudwatch.core.metrics import Bucket

type Statistic = Callable[[Bucket], float | None]
"""The value of a statistic; None where the values do not tell."""

SIMPLE: dict[str, Statistic] = {
    "SampleCount": lambda bucket: bucket.count,
    "Average": lambda bucket: bucket.total / bucket.count if bucket.count else None,
    "Sum": lambda bucket: bucket.total,
    "Minimum": lambda bucket: bucket.least,
    "Maximum": lambda bucket: bucket.most,
}

_PERCENT = r"(100(?:\.0+)?|\d{1,2}(?:\.\d{1,10})?)"
_SINGLE = re.compile(rf"(p|tm){_PERCENT}")
_RANGE = re.compile(rf"TM\((?:{_PERCENT}%)?:(?:{_PERCENT}%)?\)")


@cache
def statistic(name: str) -> Statistic:
    """The statistic of that name. Raises ValueError, naming those there are."""
    if name in SIMPLE:
        return SIMPLE[name]
    if name == "IQM":
        return partial(_trimmed_mean, low=25.0, high=75.0)
    if match := _SINGLE.fullmatch(name):
        kind, percent = match[1], float(match[2])
        return partial(_percentile, percent=percent) if kind == "p" else partial(_trimmed_mean, low=0.0, high=percent)
    match = _RANGE.fullmatch(name)
    if match and (match[1] or match[2]):
        return partial(_trimmed_mean, low=float(match[1] or 0.0), high=float(match[2] or 100.0))
    raise ValueError(f"{name!r} is no statistic; there are {', '.join(SIMPLE)}, p90, tm90, TM(10%:90%) and IQM")


def few_samples(name: str, bucket: Bucket) -> bool:
    """Whether a percentile has too few values to mean much.

    Source: the same guide, "Percentile-based CloudWatch alarms and low data samples".
    """
    match = _SINGLE.fullmatch(name)
    if match is None or match[1] != "p":
        return False
    part = float(match[2]) / 100
    rare = 1 - part if part >= 0.5 else part
    return rare > 0 and bucket.count < 10 / rare


def _percentile(bucket: Bucket, percent: float) -> float | None:
    """The value that so many of a hundred do not exceed, between the two nearest ones in proportion."""
    distribution = bucket.distribution
    if not distribution:
        return None
    place, before, previous = percent / 100 * (bucket.count - 1), 0.0, bucket.least
    for value, count in sorted(distribution.items()):
        if place < before:
            return previous + (value - previous) * (place - (before - 1))
        before, previous = before + count, value
        if place <= before - 1:
            return value
    return bucket.most


def _trimmed_mean(bucket: Bucket, low: float, high: float) -> float | None:
    """The mean of the values of which at least `low` and at most `high` of a hundred are less."""
    distribution = bucket.distribution
    if not distribution:
        return None
    first, last = bucket.count * low / 100, bucket.count * high / 100
    before = total = number = 0.0
    for value, count in sorted(distribution.items()):
        inside = min(before + count, last) - max(before, first)
        if inside > 0:
            total, number = total + value * inside, number + inside
        before += count
    return total / number if number else None
