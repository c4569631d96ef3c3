"""Time as AWS's services tell it: the `Date` of the last answer, and what has passed since it came.

Records and objects are dated by the services, so that an age reckoned with their own time has no difference of two
machines' clocks in it. A `Date` has whole seconds (RFC 9110, "Date/Time Formats"), and so an age is one too small at
most.
"""

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any


class ServiceClock:
    """The services' clock, as far as this invocation has heard of it."""

    def __init__(self) -> None:
        self._date = ""
        self._heard = 0.0

    def listen_to(self, client: Any) -> None:
        """Have every answer that a client of boto3 gets set the clock, those that tell of an error as well."""
        client.meta.events.register("after-call", self._hear)

    def forget(self) -> None:
        """Begin anew: an environment that was frozen does not know for how long."""
        self._date = ""

    def now(self) -> float | None:
        """Seconds since the epoch; None where no service has answered yet."""
        if not self._date:
            return None
        told = _seconds(self._date)
        return None if told is None else told + time.monotonic() - self._heard

    def _hear(self, http_response: Any = None, **_: Any) -> None:
        date = http_response.headers.get("Date") if http_response is not None else None
        if date:
            self._date, self._heard = str(date), time.monotonic()


def date_of(answer: Mapping[str, Any]) -> float | None:
    """The `Date` of an answer that boto3 gave, or that an error of it tells of: seconds since the epoch, rounded down.

    None where it has none.
    """
    return _seconds(str(answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")))


def _seconds(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None


SERVICE_CLOCK = ServiceClock()
"""The clock that all clients of `calls` set."""
