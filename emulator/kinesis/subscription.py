"""Subscriptions of enhanced fan-out consumers: records are pushed as they arrive, for at most five minutes.

"If you call SubscribeToShard again with the same ConsumerARN and ShardId within 5 seconds of a successful call,
you'll get a ResourceInUseException"; later, "the second call takes over the subscription" (API Reference).
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from wavetank.emulator.kinesis import metrics
from wavetank.emulator.kinesis.errors import ResourceInUse, ResourceNotFound
from wavetank.emulator.kinesis.model.consumer import Consumer
from wavetank.emulator.kinesis.model.limits import BYTES_OUT
from wavetank.emulator.kinesis.model.position import Cursor
from wavetank.emulator.kinesis.model.stream import Read, Stream
from wavetank.emulator.limits.register import LIMITS, Limit
from wavetank.emulator.runtime.clock import CLOCK, Alarm
from wavetank.emulator.runtime.doorbell import STREAM_WRITES

HEARTBEAT_S = 5.0
TAKEOVER_AFTER_S = 5.0


@dataclass(frozen=True, slots=True)
class Source:
    """The place where a subscription reads, and the form in which its client gets an event."""

    stream: Stream
    consumer: Consumer
    cursor: Cursor
    read: Callable[[Cursor], Read]
    event: Callable[[Read, Cursor], Any]


@dataclass(slots=True)
class Subscription:
    """An open event stream."""

    source: Source
    begun: float
    ends: float
    alarm: Alarm = field(default_factory=Alarm)
    is_over: bool = False

    def end(self) -> None:
        """Close the event stream, from another thread."""
        self.is_over = True
        self.alarm.set()

    def events(self) -> Iterator[Any]:
        """The events for the client: one for records as they arrive, and one at least every five seconds."""
        arn = self.source.stream.identity.arn
        STREAM_WRITES.listen(arn, self.alarm)
        cursor = self.source.cursor
        sent_at = CLOCK.now()
        try:
            while not self.is_over and CLOCK.now() < self.ends:
                self.alarm.clear()
                try:
                    read = self.source.read(cursor)
                except ResourceNotFound:
                    return
                if read.records or read.next_index is None or CLOCK.now() - sent_at >= HEARTBEAT_S:
                    cursor = cursor.at(cursor.index if read.next_index is None else read.next_index)
                    metrics.count_push(self.source.stream, self.source.consumer.name, read)
                    yield self.source.event(read, cursor)
                    sent_at = CLOCK.now()
                    share = LIMITS.share(Limit.SHARD_LIMITS)
                    if share is not None and read.records:
                        # Enhanced fan-out gives each consumer 2 MiB a second of a shard.
                        Alarm().wait(sum(len(record.data) for record in read.records) / (BYTES_OUT * share))
                if read.next_index is None:
                    return
                if not read.records and not self.is_over:
                    self.alarm.wait(min(sent_at + HEARTBEAT_S, self.ends) - CLOCK.now())
        finally:
            self.is_over = True
            STREAM_WRITES.unlisten(arn, self.alarm)


class Subscriptions:
    """The open subscriptions: one for each consumer and shard."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[tuple[str, int], Subscription] = {}

    def begin(self, source: Source, longest_s: float) -> Iterator[Any]:
        """The events of a new subscription; an older one of the same consumer and shard ends.

        Raises ResourceInUse when that older one is not yet five seconds old.
        """
        now = CLOCK.now()
        key = (source.consumer.arn, source.cursor.shard)
        subscription = Subscription(source, now, now + longest_s)
        with self._lock:
            before = self._open.get(key)
            if before is not None and now - before.begun < TAKEOVER_AFTER_S:
                raise ResourceInUse(
                    f"Another active subscription exists for this consumer: {source.consumer.arn} and shard."
                )
            self._open[key] = subscription
        if before is not None:
            before.end()
        return subscription.events()

    def end(self, consumer_arn: str | None = None) -> None:
        """Close the subscriptions of a consumer, or all."""
        with self._lock:
            chosen = [key for key in self._open if consumer_arn in (None, key[0])]
            ended = [self._open.pop(key) for key in chosen]
        for subscription in ended:
            subscription.end()


SUBSCRIPTIONS = Subscriptions()
