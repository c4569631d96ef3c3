"""Messages that were received and are not with the function yet, cut into batches."""

from collections import deque

from wavetank.emulator.lambda_.mappings.queue.core.message import ENVELOPE_BYTES, SEPARATOR, Message
from wavetank.emulator.lambda_.mappings.stream.core.settings import BatchLimits


class Backlog:
    """First in, first out; the batching window opens with the first message. The caller tells the time."""

    def __init__(self, limits: BatchLimits) -> None:
        self._limits = limits
        self._waiting: deque[Message] = deque()
        self._bytes = ENVELOPE_BYTES
        self._closes = 0.0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def room(self) -> int:
        """How many messages are wanted to make a batch full."""
        if self._bytes >= self._limits.payload_bytes:
            return 0
        return max(0, self._limits.records - len(self._waiting))

    def put(self, message: Message, now: float) -> None:
        """Add a message behind those that wait."""
        if not self._waiting:
            self._closes = now + self._limits.window_s
        self._waiting.append(message)
        self._bytes += len(message.json) + len(SEPARATOR)

    def flush(self) -> bool:
        """Close the batching window now; True when that changes anything."""
        changed = bool(self._waiting) and self._closes > 0.0
        self._closes = 0.0
        return changed

    def until(self) -> float | None:
        """When the window closes, in seconds since the epoch; None when nothing waits."""
        return self._closes if self._waiting else None

    def cut(self, now: float) -> tuple[Message, ...]:
        """Take a batch, if one is full or old enough: never more than the limits, but at least one message."""
        if not self._waiting or (self.room and now < self._closes):
            return ()
        batch: list[Message] = []
        size = ENVELOPE_BYTES
        while self._waiting and len(batch) < self._limits.records:
            more = len(self._waiting[0].json) + len(SEPARATOR)
            if batch and size + more > self._limits.payload_bytes:
                break
            size += more
            batch.append(self._waiting.popleft())
        self._bytes -= size - ENVELOPE_BYTES
        return tuple(batch)
