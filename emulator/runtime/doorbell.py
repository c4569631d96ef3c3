"""The ways in which a stream or a queue reaches its readers, besides answering them.

A doorbell wakes the readers when there is something new, so that an idle reader need not poll.

The services stay strangers to each other: the Kinesis provider rings by stream ARN after every acknowledged
write or reshard, a queue by its ARN whenever a message becomes visible, and whoever reads it (event source mappings,
delivery streams) listens. A bell is a hint: a reader still reads the records through the AWS API.

The records of a read by this process are handed over past the text of the answer. The call is the API's, with all its
checks, limits and faults; only the records do not become JSON on one side to be read again on the other, which would
take longer than all the rest of a delivery. A reader elsewhere, or on another thread, gets them in the answer.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from wavetank.emulator.runtime.clock import Alarm


class Doorbell:
    """Alarms by resource ARN; ringing an ARN sets every alarm that listens to it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: defaultdict[str, list[Alarm]] = defaultdict(list)

    def listen(self, arn: str, alarm: Alarm) -> None:
        """Set `alarm` at every ring of `arn` from now on."""
        with self._lock:
            self._listeners[arn].append(alarm)

    def unlisten(self, arn: str, alarm: Alarm) -> None:
        """Stop setting `alarm`; unknown pairs are ignored."""
        with self._lock:
            if alarm in self._listeners.get(arn, ()):
                self._listeners[arn].remove(alarm)
            if not self._listeners.get(arn):
                self._listeners.pop(arn, None)

    def ring(self, arn: str) -> None:
        """Wake the readers of `arn`; call it before the write is acknowledged, so that settle cannot miss it."""
        for alarm in tuple(self._listeners.get(arn, ())):
            alarm.set()


STREAM_WRITES = Doorbell()
QUEUE_WRITES = Doorbell()

_TAKER: ContextVar[list[dict[str, Any]] | None] = ContextVar("who takes the records of a read", default=None)


@contextmanager
def taking() -> Iterator[list[dict[str, Any]]]:
    """Take the records of reads that this thread makes inside the block, as the API's JSON has them."""
    records: list[dict[str, Any]] = []
    token = _TAKER.set(records)
    try:
        yield records
    finally:
        _TAKER.reset(token)


def taker() -> list[dict[str, Any]] | None:
    """The list that the records of the read that is being made go to; None where they belong into its answer."""
    return _TAKER.get()
