"""The scheduled event: its `time` is the only "now" a scheduled function knows, so that a tick can be replayed.

EventBridge user guide, "Scheduled Event": `{"detail-type": "Scheduled Event", "time": "2019-11-24T12:00:00Z"}`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.layout import HOUR

BEGINNING = datetime.min.replace(tzinfo=UTC)


def time_of(event: dict[str, Any]) -> datetime:
    """The moment of the tick, UTC; raises ConfigurationError where the event has none."""
    text = event.get("time")
    if not isinstance(text, str):
        raise ConfigurationError("this function takes scheduled events: an object with a `time` in ISO 8601")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"`time` is not ISO 8601: {text!r}") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def hours_back(now: datetime, hours: int) -> Iterator[datetime]:
    """The starts of the hours that overlap the window of `hours` before `now`, the oldest first."""
    window = min(timedelta(hours=hours), now - BEGINNING)
    first = (now - window).replace(minute=0, second=0, microsecond=0)
    for number in range(ceil((now - first) / HOUR)):
        yield first + number * HOUR
