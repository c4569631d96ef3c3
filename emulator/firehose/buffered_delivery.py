"""A running delivery stream: records in, chunks out, in a thread of its own.

A record stays in the buffer, and then in a sealed chunk, until the objects made of it are durable.
"""

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from wavetank.emulator.faults.engine import FAULTS
from wavetank.emulator.faults.identity import content_identity
from wavetank.emulator.faults.points import Point
from wavetank.emulator.firehose.core.buffer import Buffer, Chunk, Entry, Hints
from wavetank.emulator.firehose.core.settings import Destination
from wavetank.emulator.firehose.delivery import HOP, LONGEST_RETRY_S, Delivery, InterruptedDelivery, Source
from wavetank.emulator.firehose.metrics import Metric, To, Waiting
from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.clock import CLOCK, Alarm, Clock

LOG = logging.getLogger(__name__)

BUFFER_HOP = "firehose.buffer"
ROOM_BYTES = 256 * 1024 * 1024
"""The backlog beyond which a source is read no further and direct puts are refused."""


@dataclass
class Setup:
    """The settings that UpdateDestination replaces as a whole."""

    destination: Destination
    source: Source


class BufferedDelivery:
    """A buffer with the delivery of its chunks: it seals them by the hints and delivers one at a time, oldest first."""

    def __init__(
        self,
        setup: Setup,
        delivery: Delivery,
        *,
        clock: Clock = CLOCK,
        longest_interval_s: float | None = None,
    ) -> None:
        self._setup = setup
        self._delivery = delivery
        self._clock = clock
        self._longest_interval_s = longest_interval_s
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._buffer = Buffer(self._capped(setup.destination.hints))
        self._sealed: deque[Chunk] = deque()
        self._waiting_bytes = 0
        self._last_accepted = 0.0
        self._stopped = False
        self._wake = Alarm(clock)
        self._thread = threading.Thread(target=self._run, name=f"firehose-{setup.source.name}", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Stop at once; records that are not delivered are forgotten."""
        with self._lock:
            self._stopped = True
            self._room.notify_all()
        self._delivery.interrupt.set()
        self._wake.set()

    def accept(self, entries: Iterable[Entry]) -> None:
        """Take records; they are in flight from now until they are durable."""
        records, size = 0, 0
        with self._lock:
            now = self._clock.now()
            was_empty = not len(self._buffer)
            for entry in entries:
                records, size = records + 1, size + len(entry.data)
                self._waiting_bytes += len(entry.data)
                self._keep(self._buffer.add(entry, now))
                if not FAULTS.armed(Point.FIREHOSE_BUFFER):
                    continue
                name, key = self._setup.source.name, entry.origin.partition_key if entry.origin is not None else ""
                target = {"delivery_stream": name, "key": key, "content": entry.data.decode("utf-8", "replace")}
                identity = f"{name}/{key}/{content_identity(entry.data)}"
                if FAULTS.fire(Point.FIREHOSE_BUFFER, target, identity) is not None:
                    self._keep(self._buffer.seal())
            self._last_accepted = time.monotonic()
            wake = was_empty or bool(self._sealed)
        self._delivery.measure(None, [(Metric.INCOMING_RECORDS, records), (Metric.INCOMING_BYTES, size)])
        if wake:
            self._wake.set()

    def oldest(self) -> Waiting | None:
        """The record that waits longest to be delivered; None where none waits."""
        with self._lock:
            times = [chunk.oldest for chunk in self._sealed]
            if self._buffer.oldest is not None:
                times.append(self._buffer.oldest)
            to = To.S3 if self._setup.destination.endpoint is None else To.ENDPOINT
            return Waiting(to, min(times), self._delivery.failing_since) if times else None

    def has_room(self) -> bool:
        """Whether the backlog is below `ROOM_BYTES`."""
        return self._waiting_bytes < ROOM_BYTES

    def wait_for_room(self) -> None:
        """Return when there is room, or the stream has stopped."""
        with self._room:
            self._room.wait_for(lambda: self._stopped or self.has_room())

    def flush(self) -> None:
        """Deliver the buffered records now, without waiting for size or interval."""
        with self._lock:
            self._keep(self._buffer.seal())
        self._wake.set()

    def discard(self) -> None:
        """Forget the buffered records and the chunks to deliver; an attempt under way ends, and is the last."""
        with self._room:
            self._buffer.seal()
            self._sealed.clear()
            self._waiting_bytes = 0
            self._room.notify_all()
        self._delivery.interrupt.set()
        self._wake.set()

    def holds_records(self) -> bool:
        """Whether anything is buffered."""
        return len(self._buffer) > 0

    def is_quiet_for(self, seconds: float) -> bool:
        """Whether no record came in for `seconds` (wall clock)."""
        return time.monotonic() - self._last_accepted >= seconds

    def update(self, setup: Setup) -> None:
        """Use other settings from now on, for buffered records and for a chunk that is being retried too."""
        with self._lock:
            self._setup = setup
            self._buffer.hints = self._capped(setup.destination.hints)
        self._delivery.interrupt.set()
        self._wake.set()

    def pending(self) -> list[Pending]:
        """The records that have come in and are not durable yet."""
        with self._lock:
            name, now = self._setup.source.name, self._clock.now()
            items = []
            if self._sealed:
                problem = f", retrying: {self._delivery.problem}" if self._delivery.problem else ""
                size = sum(chunk.size for chunk in self._sealed)
                what = f"{name}: {len(self._sealed)} chunks ({size} B){problem}"
                items.append(Pending(HOP, name, what, self._delivery.retry_at))
            due_at = self._buffer.due_at
            if due_at is not None:
                what = f"{len(self._buffer)} records ({self._buffer.size} B), due in {due_at - now:.0f} s"
                items.append(Pending(BUFFER_HOP, name, f"{name}: {what}"))
            return items

    def _capped(self, hints: Hints) -> Hints:
        if self._longest_interval_s is None:
            return hints
        return Hints(hints.size_bytes, min(hints.interval_s, self._longest_interval_s))

    def _keep(self, chunk: Chunk | None) -> None:
        if chunk is not None:
            self._sealed.append(chunk)

    def _run(self) -> None:
        while not self._stopped:
            self._wake.clear()
            with self._lock:
                self._keep(self._buffer.seal_if_due(self._clock.now()))
                chunk = self._sealed[0] if self._sealed else None
                setup, due_at = self._setup, self._buffer.due_at
                if not self._stopped:
                    self._delivery.interrupt.clear()
            if chunk is None:
                self._wake.wait(None if due_at is None else due_at - self._clock.now())
                continue
            try:
                done = self._delivery.deliver(chunk, setup.destination, setup.source)
            except Exception:
                LOG.exception("%s: a chunk could not be delivered; trying again", setup.source.name)
                done = False
                with contextlib.suppress(InterruptedDelivery):
                    self._delivery.pause(LONGEST_RETRY_S)
            if done:
                with self._room:
                    if self._sealed and self._sealed[0] is chunk:
                        self._sealed.popleft()
                        self._waiting_bytes -= chunk.size
                    self._room.notify_all()
