"""What the processor makes of one record: decoded, joined, given to its event type's own code, framed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from wavetank.pipeline.avro.events import ID_FIELD
from wavetank.pipeline.avro.python_values import Misfit
from wavetank.pipeline.core import decode, enrich, envelope, frame, own_code, route
from wavetank.pipeline.core.enrich import Enricher
from wavetank.pipeline.core.own_code import OwnCode
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.enrichment import Enrichment
from wavetank.pipeline.records import Dropped, Entry, Reason, Rejection

MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True)
class BatchContext:
    """The schemas, reference data and own code of an event type that a batch is processed with.

    future_bound_us: so far ahead of its arrival, in microseconds, an event's time may be. enricher: of events of the
    schema `target`. own: None for an event type that has no code or rules of its own. partition_key: the field that
    events are put by.
    """

    schemas: Mapping[bytes, Schema]
    enricher: Enricher
    future_bound_us: int
    own: OwnCode | None = None
    partition_key: str = ID_FIELD

    @property
    def target(self) -> Schema:
        """The processed schema that events go on in."""
        return self.enricher.target


def references_of(enrichment: Enrichment | None, own: OwnCode | None) -> tuple[str, ...]:
    """The names of the references that an event type is processed with: that of its join, those of its own code."""
    names = set(own.references) if own else set[str]()
    return tuple(sorted(names | {enrichment.reference} if enrichment else names))


def process(
    message: envelope.Message | Rejection, context: BatchContext, arrived_us: int
) -> Entry | Rejection | Dropped:
    """Decode, enrich and frame a message; the rule it breaks where that cannot be done.

    Raises RetryLater where its event type's own code or its reference data cannot be had.
    """
    if isinstance(message, Rejection):
        return message
    writer, target = context.schemas.get(message.reference), context.target
    if writer is None:
        return Rejection(Reason.UNKNOWN_SCHEMA, f"no schema {envelope.named(message.reference)} is published")
    event = decode.decode(message.body, writer, target)
    if isinstance(event, Rejection):
        return event
    if event.time_us - arrived_us > context.future_bound_us:
        ahead_s = (event.time_us - arrived_us) / 1_000_000
        return Rejection(Reason.FUTURE_TIME, f"its time is {ahead_s:,.0f} s after its arrival", event.id)
    known = context.enricher.in_effect(arrived_us)
    try:
        fields = context.enricher.enriched(event, known)
    except Misfit as misfit:
        return Rejection(Reason.ENRICHMENT_FAILED, f"does not fit {target.key}: {misfit}", event.id)
    if context.own is not None:
        outcome = own_code.applied(fields, context.own, known.reference, target, arrived_us)
        if isinstance(outcome, Rejection | Dropped):
            return outcome
        fields = outcome
    try:
        body = decode.encode(fields, target)
    except decode.UNENCODABLE as error:
        return Rejection(Reason.ENRICHMENT_FAILED, f"does not fit {target.key}: {error}", event.id)
    if problem := enrich.misfit(fields, context.enricher.enrichment, target):
        return Rejection(Reason.ENRICHMENT_FAILED, f"{target.title}: {problem}", event.id)
    key = route.partition_key(fields, context.partition_key, event.id)
    entry = Entry(key, frame.encode(target.fingerprint, body))
    if entry.size > frame.MAX_RECORD:
        rule = f"{entry.size} bytes when enriched, the limit is {frame.MAX_RECORD}"
        return Rejection(Reason.OVERSIZE, rule, event.id)
    return entry
