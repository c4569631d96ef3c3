"""A queue in emulator time, whose messages are in flight until they are removed."""

import heapq
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from wavetank.emulator.runtime.clock import CLOCK, Alarm, Clock
from wavetank.emulator.runtime.inflight import IN_FLIGHT, InFlight


@dataclass(frozen=True)
class Message:
    """A message and the handle to remove it by."""

    handle: str
    body: str


@dataclass
class _Kept:
    """A message in the queue: waiting while nobody has taken it; `end` gives its token back."""

    message: Message
    due_at: float
    end: Callable[[], None]
    taker: object | None = None
    started: bool = False


class DelayQueue:
    """First due, first out. A taken message stays, and in flight, until it is removed or given back."""

    def __init__(self, hop: str, name: str, clock: Clock = CLOCK, in_flight: InFlight = IN_FLIGHT) -> None:
        self._hop = hop
        self._name = name
        self._clock = clock
        self._in_flight = in_flight
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._kept: dict[str, _Kept] = {}
        self._waiting: list[tuple[float, int, str]] = []
        self._listeners: list[Alarm] = []
        self._closed = False

    def put(self, body: str, delay_s: float = 0.0, *, by_fault: bool = False) -> str:
        """Add a message that is due in `delay_s` emulator seconds, and return its handle.

        by_fault: nothing else would have it wait. Raises ValueError when the queue is closed.
        """
        due_at = self._clock.now() + delay_s
        until = due_at if delay_s > 0 else None
        what = self._name if until is None else f"{self._name}, not before {written(due_at)} emulator time"
        with self._lock:
            if self._closed:
                raise ValueError(f"the queue of {self._name} is closed")
            number = next(self._numbers)
            message = Message(str(number), body)
            end = self._in_flight.begin(self._hop, self._name, what, until=until, by_fault=by_fault)
            self._kept[message.handle] = _Kept(message, due_at, end)
            heapq.heappush(self._waiting, (due_at, number, message.handle))
        self._ring()
        return message.handle

    def take(self, taker: object) -> list[Message]:
        """The messages that are due and that nobody has taken, in the order in which they became due."""
        taken = []
        with self._lock:
            while self._waiting and self._waiting[0][0] <= self._clock.now():
                kept = self._kept.get(heapq.heappop(self._waiting)[2])
                if kept is not None:
                    kept.taker = taker
                    taken.append(kept.message)
        return taken

    def start(self, handle: str, taker: object) -> bool:
        """Begin the work on a taken message; False when `taker` does not hold it any more."""
        with self._lock:
            kept = self._kept.get(handle)
            if kept is None or kept.taker is not taker:
                return False
            kept.started = True
            return True

    def give_back(self, taker: object) -> None:
        """Let others take what `taker` has taken and not started."""
        with self._lock:
            for handle, kept in self._kept.items():
                if kept.taker is taker and not kept.started:
                    kept.taker = None
                    heapq.heappush(self._waiting, (kept.due_at, int(handle), handle))
        self._ring()

    def remove(self, handle: str) -> None:
        """The work is done; an unknown handle is ignored."""
        with self._lock:
            kept = self._kept.pop(handle, None)
        if kept is not None:
            kept.end()

    def discard(self) -> None:
        """Forget every message that nobody has begun to work on."""
        with self._lock:
            gone = [self._kept.pop(handle) for handle, kept in list(self._kept.items()) if not kept.started]
            self._waiting.clear()
        for kept in gone:
            kept.end()

    def close(self) -> None:
        """Forget every message and accept no more."""
        with self._lock:
            self._closed = True
            all_kept = list(self._kept.values())
            self._kept.clear()
            self._waiting.clear()
        for kept in all_kept:
            kept.end()

    def listen(self, alarm: Alarm) -> None:
        """Set `alarm` whenever there is something new to take."""
        with self._lock:
            self._listeners.append(alarm)

    def unlisten(self, alarm: Alarm) -> None:
        """Stop setting `alarm`."""
        with self._lock:
            self._listeners.remove(alarm)

    def until_next(self) -> float | None:
        """Emulator seconds until a message is due, negative when one is overdue; None when none waits."""
        with self._lock:
            return self._waiting[0][0] - self._clock.now() if self._waiting else None

    def _ring(self) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for alarm in listeners:
            alarm.set()


def written(at: float) -> str:
    """A time in seconds since the epoch, for a person."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
