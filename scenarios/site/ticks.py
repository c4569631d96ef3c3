"""A day of schedules, done now: replay the undelivered, merge every hour that has part files."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wavetank.scenarios.site.declared import shortest_reach
from wavetank.scenarios.site.site import REPLAY_AFTER, Site
from wavetank.scenarios.spec.hours import Scheduled, planner_times

PARTS = "parts/"

_HOUR = re.compile(r"date=(?P<date>\d{4}-\d{2}-\d{2})/hour=(?P<hour>\d{2})/$")

Settle = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Span:
    """Hours from `first` to before `end`; None is open."""

    first: datetime | None = None
    end: datetime | None = None

    def __contains__(self, hour: datetime) -> bool:
        return (self.first is None or hour >= self.first) and (self.end is None or hour < self.end)


@dataclass(frozen=True, slots=True)
class Ticked:
    """A run of a scheduled function: the `time` it was given (UTC) and its answer."""

    function: Scheduled
    time: datetime
    answer: dict[str, Any]

    def document(self) -> dict[str, Any]:
        """The run as JSON has it."""
        return {
            "function": str(self.function),
            "time": self.time.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "answer": self.answer,
        }


def replay(site: Site, now: datetime) -> Ticked:
    """Run the replayer as of when every chunk there is `now` is old enough for it. Raises TickFailedError."""
    return _tick(site, Scheduled.REPLAYER, now + REPLAY_AFTER)


def dump(site: Site, now: datetime) -> Iterator[Ticked]:
    """Run the dumper of every database. Raises TickFailedError."""
    if site.functions(Scheduled.DUMPER):
        yield _tick(site, Scheduled.DUMPER, now)


def concatenate(site: Site, span: Span) -> Iterator[Ticked]:
    """Run the concatenator for the fewest times that cover every hour of `span` with part files, as they end.

    Raises TickFailedError.
    """
    hours = (hour for hour in hours_with_parts(site.s3, site.data_bucket) if hour in span)
    times_us = (int(hour.timestamp()) * 1_000_000 for hour in hours)
    for time in planner_times(times_us, shortest_reach(site.declared)):
        yield _tick(site, Scheduled.PLANNER, time)


def once(site: Site, functions: tuple[Scheduled, ...], time: datetime, settle: Settle) -> Iterator[Ticked]:
    """Run each of `functions` once as of `time`, and settle after each. Raises TickFailedError."""
    for function in functions:
        if not site.functions(function):
            continue
        ticked = _tick(site, function, time)
        settle()
        yield ticked


def hours_with_parts(s3: Any, bucket: str) -> list[datetime]:
    """Starts (UTC) of the hours that have a part file of any event type, in order."""
    hours = set()
    for event in folders(s3, bucket, PARTS):
        for date in folders(s3, bucket, event):
            for hour in folders(s3, bucket, date):
                if match := _HOUR.search(hour):
                    day = datetime.fromisoformat(match["date"])
                    hours.add(day.replace(hour=int(match["hour"]), tzinfo=UTC))
    return sorted(hours)


def folders(s3: Any, bucket: str, prefix: str) -> Iterator[str]:
    """The folders directly below `prefix`, each ending in a slash."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    for page in pages:
        yield from (entry["Prefix"] for entry in page.get("CommonPrefixes", []))


def _tick(site: Site, function: Scheduled, time: datetime) -> Ticked:
    return Ticked(function, time, site.tick(function, time))
