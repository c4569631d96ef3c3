"""Puts a workload on the raw streams and writes down what came of each event."""

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import batched, count
from typing import NamedTuple

from wavetank.scenarios.client.aggregate import aggregate
from wavetank.scenarios.client.batches import MAX_RECORD_BYTES, Message
from wavetank.scenarios.client.journal import Journal
from wavetank.scenarios.client.producer import Producer, Receipt, Route, Sender
from wavetank.scenarios.client.wire import encode_frame
from wavetank.scenarios.oracle.history import Operation, Outcome
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.schedules import Damage
from wavetank.scenarios.workload.synthetic import WorkloadEvent

BAD_FRAME, OVERSIZE = "bad-frame", "oversize"
FLAWS = {Damage.FLIPPED: BAD_FRAME, Damage.TRUNCATED: BAD_FRAME, Damage.OVERSIZE: OVERSIZE}
"""For what reason a damaged copy has to be set aside."""
AT_ONCE = 2_000
"""Events between two looks at the clock."""
CUT_BYTES = 5
"""So many bytes are missing at the end of a truncated record."""

Elapsed = Callable[[], float]
"""Seconds since the run began."""


@dataclass(frozen=True)
class Course:
    """Events that the producer puts in one go, and how: by `routes`, or as every producer does.

    key: one partition key for all of them, so that they meet in one shard. aggregated: so many of them in one
    record each, with a damaged one between them; 0 for one event a record. answer_s: so long the producer waits for
    an answer; None for as long as usual. journal: where it keeps what it sends. repeat: they were sent before.
    """

    events: Sequence[WorkloadEvent]
    routes: Mapping[str, Route] | None = None
    key: str | None = None
    aggregated: int = 0
    answer_s: float | None = None
    journal: Journal | None = None
    repeat: bool = False


class Put(NamedTuple):
    """A message, and the event that it is of; flaw: the reason for which it has to be set aside, if it is damaged."""

    event: WorkloadEvent
    message: Message
    flaw: str = ""


@dataclass(frozen=True)
class Feeder:
    """The producer of a run; it writes each attempt with the times of `elapsed`."""

    site: Site
    elapsed: Elapsed
    _turns: Iterator[int] = field(default_factory=count)

    def feed(self, course: Course, repeat: bool = False) -> Iterator[Operation]:
        """Put the events, one operation each, in their order; those before a failure are given all the same.

        The damaged record of an aggregate is an operation too, on the first event beside it.
        """
        kinesis = self.site.stack.client("kinesis", answer_s=course.answer_s)
        with Sender(kinesis) as sender:
            producer = Producer(sender, course.routes or self.site.routes)
            for batch in batched(course.events, AT_ONCE, strict=False):
                put = [Put(event, _keyed(producer.message(event), course.key)) for event in batch]
                if course.aggregated:
                    put = [each for some in batched(put, course.aggregated, strict=False) for each in _spoilt(some)]
                invoked_s = self.elapsed()
                receipts = _send_kept(sender, put, course)
                told = _Told(invoked_s, self.elapsed(), repeat or course.repeat)
                for each, receipt in zip(put, receipts, strict=True):
                    yield told.operation(each, receipt)

    def feed_damaged(self, events: Sequence[WorkloadEvent], damage: Damage) -> list[Operation]:
        """Put a damaged copy of each of `events`, by turns on the raw and on the processed stream of its type.

        What is too large goes on the raw stream only: there is no room in a chunk for a frame of it.
        """
        operations: list[Operation] = []
        with Sender(self.site.stack.client("kinesis")) as sender:
            producer = Producer(sender, self.site.routes)
            for event in events:
                whole = producer.message(event)
                streams = (whole.stream, self.site.topology.event(event.event_type).processed_stream)
                stream = streams[0 if damage is Damage.OVERSIZE else next(self._turns) % 2]
                data = self._damaged(event, whole, damage)
                message = Message(stream, whole.key, data)
                invoked_s = self.elapsed()
                (receipt,) = sender.send([message])
                put = Put(event, message, FLAWS[damage])
                operations.append(_Told(invoked_s, self.elapsed(), False).operation(put, receipt))
        return operations

    def _damaged(self, event: WorkloadEvent, whole: Message, damage: Damage) -> bytes:
        match damage:
            case Damage.FLIPPED:
                return flipped(whole.data)
            case Damage.TRUNCATED:
                return whole.data[:-CUT_BYTES]
            case Damage.OVERSIZE:
                return padded(self.site.routes[event.event_type], event, MAX_RECORD_BYTES - len(whole.key.encode()))


@dataclass(frozen=True)
class _Told:
    invoked_s: float
    completed_s: float
    repeat: bool

    def operation(self, put: Put, receipt: Receipt) -> Operation:
        return Operation(
            put.event.event_type,
            put.event.event_id,
            put.event.record,
            hashlib.sha256(put.message.data).hexdigest(),
            receipt.outcome,
            self.invoked_s,
            self.completed_s,
            receipt.reason,
            self.repeat,
            put.flaw,
        )


def flipped(data: bytes) -> bytes:
    """The bytes with the last one inverted."""
    return data[:-1] + bytes([data[-1] ^ 0xFF])


def padded(route: Route, event: WorkloadEvent, size: int) -> bytes:
    """A frame of the event with so much in its attributes that it has exactly `size` bytes."""

    def frame(padding: int) -> bytes:
        return encode_frame(route.schema, {**event.record, "attributes": {"padding": "x" * padding}})

    most = size // 2
    return frame(most + size - len(frame(most)))


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


def _keyed(message: Message, key: str | None) -> Message:
    return message if key is None else replace(message, key=key)


def _spoilt(some: Sequence[Put]) -> list[Put]:
    """The messages of one aggregate, with a damaged copy of the first behind it."""
    first = some[0]
    damaged = replace(first.message, data=flipped(first.message.data))
    return [first, Put(first.event, damaged, BAD_FRAME), *some[1:]]


def _send_kept(sender: Sender, put: Sequence[Put], course: Course) -> list[Receipt]:
    """Send what was put, and keep it in the course's journal until it is acknowledged."""
    messages = [each.message for each in put]
    journal = course.journal
    if journal is None:
        return _send(sender, messages, course.aggregated)
    numbers = range(journal.read + 1, journal.read + 1 + len(put))
    for number, each in zip(numbers, put, strict=True):
        journal.keep(number, each.message, each.event.event_id.encode())
    receipts = _send(sender, messages, course.aggregated)
    told = zip(numbers, receipts, strict=True)
    journal.acknowledge(number for number, receipt in told if receipt.outcome is Outcome.OK)
    return receipts


def _send(sender: Sender, messages: Sequence[Message], aggregated: int) -> list[Receipt]:
    """One receipt for each message; those that went in one record share it."""
    if not aggregated:
        return sender.send(messages)
    if len({message.stream for message in messages}) > 1:
        raise ValueError("only messages of one stream go in one record")
    packs = list(batched(messages, aggregated + 1, strict=False))
    receipts = sender.send([aggregate(pack) for pack in packs])
    return [receipt for pack, receipt in zip(packs, receipts, strict=True) for _ in pack]
