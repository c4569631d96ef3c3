"""Logs of functions, read from CloudWatch Logs."""

import time
from collections import deque
from collections.abc import Iterator
from typing import Any

from wavetank.emulator.stack.stack import Stack

LOOK_S = 0.3
OVERLAP_MS = 5000
"""How far behind the newest line others may still arrive: logs are delivered in batches."""


class FunctionLog:
    """The log group of one function, all its streams in the order of time."""

    def __init__(self, stack: Stack, function: str) -> None:
        self._logs: Any = stack.client("logs")
        self._group = f"/aws/lambda/{function}"
        self._newest_ms = 0
        self._told: dict[str, int] = {}

    def last(self, lines: int) -> list[str]:
        """The last lines there are; nothing where the function has not run yet."""
        return list(deque(self._new(), maxlen=lines))

    def follow(self) -> Iterator[str]:
        """The lines from now on, without end."""
        while True:
            yield from self._new()
            time.sleep(LOOK_S)

    def _new(self) -> Iterator[str]:
        """The lines that were not told yet."""
        since = max(0, self._newest_ms - OVERLAP_MS)
        pages = self._logs.get_paginator("filter_log_events").paginate(logGroupName=self._group, startTime=since)
        try:
            events = [event for page in pages for event in page["events"]]
        except self._logs.exceptions.ResourceNotFoundException:
            return
        for event in sorted(events, key=lambda one: int(one["timestamp"])):
            if event["eventId"] not in self._told:
                self._told[event["eventId"]] = event["timestamp"]
                self._newest_ms = max(self._newest_ms, event["timestamp"])
                yield event["message"].rstrip("\n")
        recent = self._newest_ms - OVERLAP_MS
        self._told = {name: at for name, at in self._told.items() if at >= recent}
