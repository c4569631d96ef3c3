"""Wakes the readers of a stream or a queue when there is something new, so that an idle reader need not poll.

The services stay strangers to each other: the Kinesis provider rings by stream ARN after every acknowledged
write or reshard, a queue by its ARN whenever a message becomes visible, and whoever reads it (event source mappings,
delivery streams) listens. A bell is a hint: a reader still reads the records through the AWS API.
"""

import threading
from collections import defaultdict

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
