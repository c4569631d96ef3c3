"""The time that a dashboard shows: until when, from when, and how long each of its periods is. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

PERIODS_S = (60, 300, 900, 3_600, 21_600, 86_400)
MOST_PERIODS = 200
"""Of a span: of 500 metrics these are within the 100,800 data points of a call (API reference, GetMetricData)."""
DAY_S = 86_400
LONGEST = timedelta(days=455)
"""CloudWatch keeps metrics for 455 days (CloudWatch user guide, "Metrics retention")."""


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds since the epoch: from `start` up to, not including, `end`, both whole periods of `period_s`."""

    start: int
    end: int
    period_s: int

    @classmethod
    def until(cls, now: float, seconds: int) -> "Span":
        """The last so many seconds, up to the period of now, in the shortest periods that are not too many."""
        period = next((each for each in PERIODS_S if seconds <= each * MOST_PERIODS), PERIODS_S[-1])
        end = (int(now) // period + 1) * period
        return cls(end - -(-seconds // period) * period, end, period)

    @property
    def seconds(self) -> int:
        """Its length."""
        return self.end - self.start

    def __str__(self) -> str:
        first, last = moment(self.start), moment(self.end)
        shown = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M}"
        return f"{first:%Y-%m-%d %H:%M} to {shown} UTC, a point for each {duration(self.period_s)}"


def duration(seconds: int) -> str:
    """A whole number of the largest unit that it is one of: `5 min`."""
    for name, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds % size == 0:
            return f"{seconds // size} {name}"
    return f"{seconds} s"


def moment(seconds: float) -> datetime:
    """A time of the epoch in UTC."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
