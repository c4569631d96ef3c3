"""Puts a workload on the raw streams and writes down what came of each event."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import batched, count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from wavetank.scenarios.client.aggregate import aggregate
from wavetank.scenarios.client.batches import MAX_RECORD_BYTES, Message
from wavetank.scenarios.client.journal import Journal
from wavetank.scenarios.client.producer import Producer, Receipt, Route, Sender
from wavetank.scenarios.client.wire import WireSchema, encode_frame
from wavetank.scenarios.oracle.history import Operation, Outcome
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.nemesis import Damage, SendPlan
from wavetank.scenarios.workload.synthetic import WorkloadEvent

BAD_FRAME, OVERSIZE = "bad-frame", "oversize"
FLAWS = {Damage.FLIPPED: BAD_FRAME, Damage.TRUNCATED: BAD_FRAME, Damage.OVERSIZE: OVERSIZE}
"""The reason for which a damaged copy has to be set aside."""
AT_ONCE = 2_000
"""Events between two looks at the clock."""
CUT_BYTES = 5
"""So many bytes are missing at the end of a truncated record."""

Elapsed = Callable[[], float]
"""Seconds since the run began."""


class OutgoingEvent(NamedTuple):
    """A message, and the event that it is of; flaw: the reason for which it has to be set aside, if it is damaged."""

    event: WorkloadEvent
    message: Message
    flaw: str = ""


@dataclass
class DrillProducer:
    """The producer of a run; it writes each attempt with the times of `elapsed`, and may keep a journal."""

    site: Site
    elapsed: Elapsed
    _turns: Iterator[int] = field(default_factory=count)
    _journal: Journal | None = None
    _kept: dict[str, WorkloadEvent] = field(default_factory=dict)
    _resources: ExitStack = field(default_factory=ExitStack)

    def feed(self, plan: SendPlan) -> Iterator[Operation]:
        """Send the events, one operation each, in their order; those before a failure are given all the same.

        The damaged record of an aggregate is an operation too, on the first event beside it. Of damaged copies, what is
        too large goes on the raw stream only: there is no room in a chunk for a frame of it.
        """
        routes = self.site.routes
        for event_type, definition in plan.schemas.items():
            routes[event_type] = Route(routes[event_type].stream, WireSchema.of(definition))
        with Sender(self.site.stack.client("kinesis", answer_s=plan.answer_s)) as sender:
            producer = Producer(sender, routes)
            for batch in batched(plan.events, AT_ONCE if plan.damage is None else 1, strict=False):
                outgoing = [self._outgoing(event, producer.message(event), plan) for event in batch]
                if plan.aggregated:
                    packs = batched(outgoing, plan.aggregated, strict=False)
                    outgoing = [part for pack in packs for part in _spoilt(pack)]
                invoked_s = self.elapsed()
                receipts = self._send(sender, outgoing, plan)
                completed_s = self.elapsed()
                for sent, receipt in zip(outgoing, receipts, strict=True):
                    yield Operation(
                        event_type=sent.event.event_type,
                        event_id=sent.event.event_id,
                        content=routes[sent.event.event_type].schema.in_words(sent.event.record),
                        payload=hashlib.sha256(sent.message.data).hexdigest(),
                        outcome=receipt.outcome,
                        invoked_s=invoked_s,
                        completed_s=completed_s,
                        reason=receipt.reason,
                        repeat=plan.repeat,
                        flaw=sent.flaw,
                    )

    def unacknowledged(self, *, rewind: bool) -> list[WorkloadEvent]:
        """The events in the journal that wait for an answer; after a rewind all that it holds."""
        if self._journal is None:
            return []
        if rewind:
            self._journal.rewind()
        return [self._kept[original.decode()] for _, _, original in self._journal.waiting()]

    def close(self) -> None:
        """Let go of the journal."""
        self._journal = None
        self._resources.close()

    def _outgoing(self, event: WorkloadEvent, whole: Message, plan: SendPlan) -> OutgoingEvent:
        if plan.damage is None:
            return OutgoingEvent(event, whole if plan.key is None else replace(whole, key=plan.key))
        streams = (whole.stream, self.site.topology.event(event.event_type).processed_stream)
        stream = streams[0 if plan.damage is Damage.OVERSIZE else next(self._turns) % 2]
        match plan.damage:
            case Damage.FLIPPED:
                data = flipped(whole.data)
            case Damage.TRUNCATED:
                data = whole.data[:-CUT_BYTES]
            case Damage.OVERSIZE:
                data = padded(self.site.routes[event.event_type], event, MAX_RECORD_BYTES - len(whole.key.encode()))
        return OutgoingEvent(event, Message(stream, whole.key, data), FLAWS[plan.damage])

    def _send(self, sender: Sender, outgoing: Sequence[OutgoingEvent], plan: SendPlan) -> list[Receipt]:
        """Send the messages, and keep them in the journal until they are acknowledged where the plan says so."""
        messages = [sent.message for sent in outgoing]
        if not plan.journalled:
            return _sent(sender, messages, plan.aggregated)
        if self._journal is None:
            folder = self._resources.enter_context(TemporaryDirectory(prefix="wavetank-producer-"))
            self._journal = Journal(Path(folder) / "journal", "drill", retain=True)
            self._resources.callback(self._journal.close)
        journal = self._journal
        numbers = range(journal.read + 1, journal.read + 1 + len(outgoing))
        for number, sent in zip(numbers, outgoing, strict=True):
            self._kept[sent.event.event_id] = sent.event
            journal.keep(number, sent.message, sent.event.event_id.encode())
        receipts = _sent(sender, messages, plan.aggregated)
        answers = zip(numbers, receipts, strict=True)
        journal.acknowledge(number for number, receipt in answers if receipt.outcome is Outcome.OK)
        return receipts


def flipped(data: bytes) -> bytes:
    """The bytes with the last one inverted."""
    return data[:-1] + bytes([data[-1] ^ 0xFF])


def padded(route: Route, event: WorkloadEvent, size: int) -> bytes:
    """A frame of the event with so much in its attributes that it has exactly `size` bytes."""

    def frame(padding: int) -> bytes:
        return encode_frame(route.schema, {**event.record, "attributes": {"padding": "x" * padding}})

    most = size // 2
    return frame(most + size - len(frame(most)))


def _spoilt(pack: Sequence[OutgoingEvent]) -> list[OutgoingEvent]:
    """The messages of one aggregate, with a damaged copy of the first behind it."""
    first = pack[0]
    damaged = replace(first.message, data=flipped(first.message.data))
    return [first, OutgoingEvent(first.event, damaged, BAD_FRAME), *pack[1:]]


def _sent(sender: Sender, messages: Sequence[Message], aggregated: int) -> list[Receipt]:
    """A receipt for each message; those that went in one record share it."""
    if not aggregated:
        return sender.send(messages)
    if len({message.stream for message in messages}) > 1:
        raise ValueError("only messages of one stream go in one record")
    packs = list(batched(messages, aggregated + 1, strict=False))
    receipts = sender.send([aggregate(pack) for pack in packs])
    return [receipt for pack, receipt in zip(packs, receipts, strict=True) for _ in pack]
