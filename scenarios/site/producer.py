"""Puts a workload on the raw streams and writes down what came of each event."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import batched
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from wavetank.scenarios.client.aggregate import aggregate
from wavetank.scenarios.client.batches import Message
from wavetank.scenarios.client.journal import Journal
from wavetank.scenarios.client.producer import Receipt, Route, Sender
from wavetank.scenarios.client.wire import (
    MICROS_PER_MILLI,
    WireSchema,
    confluent,
    confluent_ids,
    encode_frame,
    single_object,
    versions,
)
from wavetank.scenarios.oracle.history import EVENT_TIME, Operation, Outcome, Value
from wavetank.scenarios.site.damage import BAD_FRAME, IN_CHUNKS, Original, flipped, spoilt
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.nemesis import Damage, SendPlan
from wavetank.scenarios.workload.sending import Envelope
from wavetank.scenarios.workload.synthetic import WorkloadEvent

AT_ONCE = 2_000
"""Events between two looks at the clock."""
PACK = 4
"""So many events share a record where they say that they are packed."""

Elapsed = Callable[[], float]
"""Seconds since the run began."""


class OutgoingEvent(NamedTuple):
    """A message, and the event that it is of; flaw: the reason for which it has to be set aside, if it is damaged."""

    event: WorkloadEvent
    schema: WireSchema
    message: Message
    flaw: str = ""


@dataclass
class DrillProducer:
    """The producer of a run; it writes each attempt with the times of `elapsed`, and may keep a journal."""

    site: Site
    elapsed: Elapsed
    _turns: Counter[Damage] = field(default_factory=Counter)
    _journal: Journal | None = None
    _kept: dict[str, WorkloadEvent] = field(default_factory=dict)
    _resources: ExitStack = field(default_factory=ExitStack)

    def feed(self, plan: SendPlan) -> Iterator[Operation]:
        """Send the events, one operation each, in their order; those before a failure are given all the same.

        The damaged record of an aggregate is an operation too, on the first event beside it. Of damaged copies only
        those go on the processed stream as well whose flaw a frame in a chunk can have.
        """
        written = {event_type: WireSchema.of(definition) for event_type, definition in plan.schemas.items()}
        with Sender(self.site.stack.client("kinesis", answer_s=plan.answer_s)) as sender:
            for batch in batched(plan.events, AT_ONCE if plan.damage is None else 1, strict=False):
                outgoing = [self._outgoing(event, plan, written) for event in batch]
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
                        content=sent.schema.in_words(sent.event.record),
                        payload=hashlib.sha256(sent.message.data).hexdigest(),
                        outcome=receipt.outcome,
                        invoked_s=invoked_s,
                        completed_s=completed_s,
                        reason=receipt.reason,
                        repeat=plan.repeat,
                        flaw=sent.flaw,
                        size=len(sent.message.data),
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

    def _outgoing(self, event: WorkloadEvent, plan: SendPlan, written: Mapping[str, WireSchema]) -> OutgoingEvent:
        """The message of an event, in the envelope that it says; damaged copies and those beside them are frames.

        written: by event type, the schema that the plan wants, whatever version the event says.
        """
        route, schema = self._routes[event.event_type], written.get(event.event_type)
        if schema is None:
            schema = self._schema(event)
        record = event.record
        if schema.time_is_millis:
            record = {**record, EVENT_TIME: event.time_us // MICROS_PER_MILLI}
        stream, key = route.stream, plan.key or route.key_of(event.record, event.event_id)
        if plan.damage is None:
            data = encode_frame(schema, record) if plan.aggregated else self._in_envelope(event, schema, record)
            return OutgoingEvent(event, schema, Message(stream, key, data), plan.flaw)
        turn = self._turns[plan.damage]
        self._turns[plan.damage] += 1
        resources = self.site.topology.event(event.event_type)
        places = [stream, resources.processed_stream] if plan.damage in IN_CHUNKS else [stream]
        original = Original(
            event=event,
            schema=schema,
            message=Message(stream, key, encode_frame(schema, record)),
            join=resources.enrichment.on[0] if resources.enrichment else "",
            null_columns=len(resources.enrichment.add) if resources.enrichment else 0,
        )
        data, reason = spoilt(original, plan.damage, turn // len(places))
        return OutgoingEvent(event, schema, Message(places[turn % len(places)], key, data), reason)

    def _in_envelope(self, event: WorkloadEvent, schema: WireSchema, record: Mapping[str, Value]) -> bytes:
        """The bytes of an event; a schema without a Confluent id is named by its fingerprint."""
        match event.sending.envelope:
            case Envelope.CONFLUENT if schema.fingerprint in self._confluent_ids[event.event_type]:
                return confluent(self._confluent_ids[event.event_type][schema.fingerprint], schema, record)
            case Envelope.FRAME:
                return encode_frame(schema, record)
        return single_object(schema, record)

    def _schema(self, event: WorkloadEvent) -> WireSchema:
        """The schema that an event is written with: of its version, or the newest."""
        version = event.sending.version
        return self._versions[event.event_type][version] if version else self._routes[event.event_type].schema

    @cached_property
    def _routes(self) -> Mapping[str, Route]:
        return self.site.routes

    @cached_property
    def _versions(self) -> Mapping[str, Mapping[int, WireSchema]]:
        """By event type, the versions of the raw schema."""
        return {event.name: versions(event.folder) for event in self.site.topology.events}

    @cached_property
    def _confluent_ids(self) -> Mapping[str, Mapping[bytes, int]]:
        """By event type, the Confluent id of a raw schema by its fingerprint."""
        return {event.name: confluent_ids(event.folder) for event in self.site.topology.events}

    def _send(self, sender: Sender, outgoing: Sequence[OutgoingEvent], plan: SendPlan) -> list[Receipt]:
        """Send the messages, and keep them in the journal until they are acknowledged where the plan says so."""
        if not plan.journalled:
            return _sent(sender, outgoing, plan.aggregated)
        if self._journal is None:
            folder = self._resources.enter_context(TemporaryDirectory(prefix="wavetank-producer-"))
            self._journal = Journal(Path(folder) / "journal", "drill", retain=True)
            self._resources.callback(self._journal.close)
        journal = self._journal
        numbers = range(journal.read + 1, journal.read + 1 + len(outgoing))
        for number, sent in zip(numbers, outgoing, strict=True):
            self._kept[sent.event.event_id] = sent.event
            journal.keep(number, sent.message, sent.event.event_id.encode())
        receipts = _sent(sender, outgoing, plan.aggregated)
        answers = zip(numbers, receipts, strict=True)
        journal.acknowledge(number for number, receipt in answers if receipt.outcome is Outcome.OK)
        return receipts


def _spoilt(pack: Sequence[OutgoingEvent]) -> list[OutgoingEvent]:
    """The messages of one aggregate, with a damaged copy of the first behind it."""
    first = pack[0]
    damaged = replace(first.message, data=flipped(first.message.data))
    return [first, first._replace(message=damaged, flaw=BAD_FRAME), *pack[1:]]


def _sent(sender: Sender, outgoing: Sequence[OutgoingEvent], aggregated: int) -> list[Receipt]:
    """A receipt for each message; those that went in one record share it."""
    if not aggregated:
        packs = _packs(outgoing)
    elif len({sent.message.stream for sent in outgoing}) > 1:
        raise ValueError("only messages of one stream go in one record")
    else:
        positions = range(len(outgoing))
        packs = [list(some) for some in batched(positions, aggregated + 1, strict=False)]
    records = list[Message]()
    for pack in packs:
        several = [outgoing[position] for position in pack]
        is_packed = aggregated or several[0].event.sending.packed
        hash_keys = [sent.event.sending.hash_key for sent in several]
        messages = [sent.message for sent in several]
        records.append(aggregate(messages, hash_keys) if is_packed else messages[0])
    receipts: list[Receipt | None] = [None] * len(outgoing)
    for pack, receipt in zip(packs, sender.send(records), strict=True):
        for position in pack:
            receipts[position] = receipt
    return [receipt for receipt in receipts if receipt is not None]


def _packs(outgoing: Sequence[OutgoingEvent]) -> list[list[int]]:
    """The positions of the events that go in one record each; of packed ones `PACK` of one stream do."""
    packs = list[list[int]]()
    filling: dict[str, list[int]] = {}
    for position, sent in enumerate(outgoing):
        pack = filling.get(sent.message.stream) if sent.event.sending.packed and not sent.flaw else None
        if pack is not None and len(pack) < PACK:
            pack.append(position)
            continue
        packs.append([position])
        if sent.event.sending.packed and not sent.flaw:
            filling[sent.message.stream] = packs[-1]
    return packs
