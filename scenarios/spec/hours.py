"""The functions that run on a schedule, and the hours that their runs cover; pure."""

import datetime
from collections.abc import Iterable
from enum import StrEnum

from wavetank.scenarios.oracle.at_rest import HOUR_US
from wavetank.scenarios.oracle.promises import LOOK_BACK_HOURS, PLANNED_AT, REPLAYED_EVERY

HOUR = datetime.timedelta(hours=1)
MINUTE = 1 / 60
"""In hours, as the steps of drills have their time."""
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
FIRST_HOUR = (datetime.datetime.min.replace(tzinfo=datetime.UTC) - EPOCH) // HOUR
LAST_HOUR = (datetime.datetime.max.replace(tzinfo=datetime.UTC) - EPOCH) // HOUR
"""The hours since the epoch that have a date, from the year 1 to the year 9999; those before 1970 are negative."""


class Scheduled(StrEnum):
    """A function that runs on a schedule; of dumpers there is one for each database."""

    DUMPER = "dumper"
    REPLAYER = "replayer"
    PLANNER = "planner"


class Chunks(StrEnum):
    """The age of the chunks at a run of the replayer, to the second: none, or each, is old enough to be announced."""

    TOO_YOUNG = "too young"
    OLD_ENOUGH = "old enough"


def planner_times(event_times_us: Iterable[int], look_back: int = LOOK_BACK_HOURS) -> list[datetime.datetime]:
    """The fewest `time`s (UTC) of scheduled events whose look-backs together cover every hour with an event.

    Each is the last run of the schedule that reaches its first hour: one that looks back less far misses it. Where
    event types look back differently far, it is the shortest `look_back` that counts, in hours. No time
    is outside the years 1 to 9999, whatever the events say.
    """
    hours = sorted({min(max(time_us // HOUR_US, FIRST_HOUR), LAST_HOUR) for time_us in event_times_us})
    times: list[datetime.datetime] = []
    covered_to: int | None = None
    for hour in hours:
        if covered_to is None or hour > covered_to:
            covered_to = min(hour + look_back, LAST_HOUR)
            times.append(EPOCH + covered_to * HOUR + PLANNED_AT)
    return times


def replayer_times(
    chunk_hours: Iterable[datetime.datetime], look_back: int = LOOK_BACK_HOURS
) -> list[datetime.datetime]:
    """The fewest `time`s of scheduled events whose look-backs together cover every hour that chunks are filed under.

    Each is the last run of the schedule that reaches its first hour. An hour is covered by a run two hours after it
    began: by then its last chunk is written, and old enough to be looked at.
    """
    times: list[datetime.datetime] = []
    for hour in sorted(chunk_hours):
        if not times or hour + 2 * HOUR > times[-1]:
            times.append(hour + (look_back + 1) * HOUR - REPLAYED_EVERY)
    return times


def covered_hours(times: Iterable[datetime.datetime], look_back: int = LOOK_BACK_HOURS) -> frozenset[int]:
    """Starts of the hours (µs since the epoch) that runs of the planner at `times`, of no full hour, have merged."""
    return frozenset(((time - EPOCH) // HOUR - back) * HOUR_US for time in times for back in range(look_back + 1))
