"""Raw stream → processed stream: decode, enrich, publish; what cannot go on is quarantined.

An event is joined with reference data first, then given to its event type's own `enrich`, then held to its rules.

Nothing is acknowledged before both the processed events and the quarantine objects are durable: the function
returns last, and an exception means "deliver the batch again".
"""

from base64 import b64decode
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wavetank.pipeline.avro.events import ID_FIELD
from wavetank.pipeline.aws import calls, environment, metrics
from wavetank.pipeline.aws.put_records import MAX_RECORDS, Entry, publish
from wavetank.pipeline.aws.schemas import registry, store
from wavetank.pipeline.core import decode, enrich, envelope, frame, own_code, quarantine, route
from wavetank.pipeline.core.deaggregate import deaggregate
from wavetank.pipeline.core.enrich import Snapshot
from wavetank.pipeline.core.own_code import OwnCode
from wavetank.pipeline.core.schema import Role, Schema
from wavetank.pipeline.enrichment import Enrichment, Reference
from wavetank.pipeline.records import Dropped, Origin, Reason, Rejected, Rejection, Stage

MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """A user record as it came: its bytes and where it came from."""

    payload: bytes
    origin: Origin


@dataclass(frozen=True, slots=True)
class BatchContext:
    """The schemas, reference data and own code of an event type that a batch is processed with.

    snapshots: reference data by name. own: None for an event type that has no code or rules of its own. partition_key:
    the field that events are put by.
    """

    schemas: Mapping[bytes, Schema]
    target: Schema
    enrichment: Enrichment | None = None
    snapshots: Mapping[str, Snapshot] = field(default_factory=dict)
    own: OwnCode | None = None
    partition_key: str = ID_FIELD

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot that events are joined with."""
        return self.snapshots[self.enrichment.reference] if self.enrichment else {}


def handle(event: dict[str, Any], _context: object) -> dict[str, int]:
    """Process one batch of a Kinesis event source mapping; answers with the counts.

    Raises RetryLater where the registry, the reference data or a service did not answer, or the event type's own code
    cannot be loaded.
    """
    batch = list(arrivals(event["Records"]))
    messages = [envelope.unwrap(arrival.payload) for arrival in batch]
    bucket, event_type = environment.text("REGISTRY_BUCKET"), environment.text("EVENT_TYPE")
    enrichment, own = environment.enrichment(), environment.own_code()
    schemas = registry(bucket, event_type)
    references = {message.reference for message in messages if isinstance(message, envelope.Message)}
    names = {enrichment.reference} if enrichment else set[str]()
    context = BatchContext(
        schemas=schemas.resolve(Role.RAW, references),
        target=schemas.newest(Role.PROCESSED),
        enrichment=enrichment,
        snapshots={name: store(bucket).snapshot(name) for name in names.union(own.references if own else ())},
        own=own,
        partition_key=environment.partition_key(),
    )
    outcomes = [
        process(message, context, arrival.origin.arrived_us) for arrival, message in zip(batch, messages, strict=True)
    ]
    dropped = Counter(outcome.reason for outcome in outcomes if isinstance(outcome, Dropped))
    entries = [outcome for outcome in outcomes if isinstance(outcome, Entry)]
    rejected = [
        Rejected(outcome, Stage.PROCESS, arrival.payload, arrival.origin)
        for arrival, outcome in zip(batch, outcomes, strict=True)
        if isinstance(outcome, Rejection)
    ]
    at_once = environment.size("PUT_RECORDS", MAX_RECORDS)
    publish(calls.kinesis(), environment.text("PROCESSED_STREAM"), entries, at_once)
    calls.put_objects(environment.text("DATA_BUCKET"), quarantine.files(event_type, rejected))
    metrics.count_dropped(event_type, dropped)
    return {
        "received": len(batch),
        "processed": len(entries),
        "quarantined": len(rejected),
        "dropped": dropped.total(),
    }


def arrivals(records: list[dict[str, Any]]) -> Iterator[Arrival]:
    """Each user record of a batch; those of an aggregate share a sequence number and count on from 0."""
    for record in records:
        put = record["kinesis"]
        users = deaggregate(b64decode(put["data"]), put["partitionKey"])
        for number, user in enumerate(users):
            position = put["sequenceNumber"] if len(users) == 1 else f"{put['sequenceNumber']}.{number}"
            arrived_us = int(put["approximateArrivalTimestamp"] * 1_000_000)
            origin = Origin(record["eventSourceARN"], position, user.partition_key, arrived_us)
            yield Arrival(user.data, origin)


def process(
    message: envelope.Message | Rejection, context: BatchContext, arrived_us: int
) -> Entry | Rejection | Dropped:
    """Decode, enrich and frame a message; the rule it breaks where that cannot be done. Raises UnusableCode."""
    if isinstance(message, Rejection):
        return message
    writer, target = context.schemas.get(message.reference), context.target
    if writer is None:
        return Rejection(Reason.UNKNOWN_SCHEMA, f"no schema {envelope.named(message.reference)} is published")
    event = decode.decode(message.body, writer, target)
    if isinstance(event, Rejection):
        return event
    if event.time_us - arrived_us > environment.number("FUTURE_BOUND_MINUTES") * MINUTE_US:
        ahead_s = (event.time_us - arrived_us) / 1_000_000
        return Rejection(Reason.FUTURE_TIME, f"its time is {ahead_s:,.0f} s after its arrival", event.id)
    fields = enrich.processed(event, context.enrichment, context.snapshot, target)
    if context.own is not None:
        outcome = own_code.applied(fields, context.own, Reference(context.snapshots), target, arrived_us)
        if isinstance(outcome, Rejection | Dropped):
            return outcome
        fields = outcome
    try:
        body = decode.encode(fields, target)
    except decode.UNENCODABLE as error:
        return Rejection(Reason.ENRICHMENT_FAILED, f"does not fit {target.key}: {error}", event.id)
    if misfit := enrich.misfit(fields, context.enrichment, target):
        return Rejection(Reason.ENRICHMENT_FAILED, f"{target.title}: {misfit}", event.id)
    key = route.partition_key(fields, context.partition_key, event.id)
    entry = Entry(key, frame.encode(target.fingerprint, body))
    if entry.size > frame.MAX_RECORD:
        rule = f"{entry.size} bytes when enriched, the limit is {frame.MAX_RECORD}"
        return Rejection(Reason.OVERSIZE, rule, event.id)
    return entry
