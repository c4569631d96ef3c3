"""Puts a workload on the raw streams and writes down what came of each event."""

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scenarios.client.batches import Message
from scenarios.client.producer import Producer, Receipt, Route, Sender
from scenarios.history import Operation
from scenarios.site import Site
from scenarios.workloads import WorkloadEvent

AT_ONCE = 2_000
"""Events between two looks at the clock."""

Elapsed = Callable[[], float]
"""Seconds since the run began."""


@dataclass(frozen=True)
class Feeder:
    """The producer of a run; it writes each attempt with the times of `elapsed`."""

    site: Site
    elapsed: Elapsed

    def feed(
        self, events: Sequence[WorkloadEvent], repeat: bool = False, routes: Mapping[str, Route] | None = None
    ) -> Iterator[Operation]:
        """Put `events`, one operation each, in their order; those before a failure are given all the same."""
        with Sender(self.site.stack.client("kinesis")) as sender:
            producer = Producer(sender, routes or self.site.routes)
            for start in range(0, len(events), AT_ONCE):
                batch = events[start : start + AT_ONCE]
                messages = [producer.message(event) for event in batch]
                invoked_s = self.elapsed()
                receipts = sender.send(messages)
                told = _Told(invoked_s, self.elapsed(), repeat)
                for event, message, receipt in zip(batch, messages, receipts, strict=True):
                    yield told.operation(event, message, receipt)

    def feed_damaged(self, events: Sequence[WorkloadEvent]) -> list[Operation]:
        """Put a damaged copy of each of `events`, by turns on the raw and on the processed stream of its type."""
        operations: list[Operation] = []
        with Sender(self.site.stack.client("kinesis")) as sender:
            producer = Producer(sender, self.site.routes)
            for number, event in enumerate(events):
                whole = producer.message(event)
                stream = (whole.stream, self.site.topology.event(event.event_type).processed_stream)[number % 2]
                message = Message(stream, whole.key, whole.data[:-1] + bytes([whole.data[-1] ^ 0xFF]))
                invoked_s = self.elapsed()
                (receipt,) = sender.send([message])
                operations.append(_Told(invoked_s, self.elapsed(), False).operation(event, message, receipt))
        return operations


@dataclass(frozen=True)
class _Told:
    invoked_s: float
    completed_s: float
    repeat: bool

    def operation(self, event: WorkloadEvent, message: Message, receipt: Receipt) -> Operation:
        return Operation(
            event.event_type,
            event.event_id,
            event.record,
            hashlib.sha256(message.data).hexdigest(),
            receipt.outcome,
            self.invoked_s,
            self.completed_s,
            receipt.reason,
            self.repeat,
        )


def chosen(events: Sequence[WorkloadEvent], share: float, seed: int) -> list[WorkloadEvent]:
    """A seeded share of `events`, at least one where there is any and the share is not 0."""
    if not events or share <= 0:
        return []
    number = max(1, round(len(events) * share))
    return random.Random(seed).sample(list(events), number)  # noqa: S311 - repeatable, not secret


def portions(events: Sequence[WorkloadEvent], number: int) -> list[Sequence[WorkloadEvent]]:
    """The events dealt out in `number` portions, each spread over the whole time; none of them empty."""
    dealt = [events[start::number] for start in range(number)]
    return [portion for portion in dealt if portion]
