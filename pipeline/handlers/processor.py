"""Raw stream → processed stream: decode, enrich, publish; what cannot go on is quarantined.

An event is joined with reference data first, then given to its event type's own `enrich`, then held to its rules.

Nothing is acknowledged before both the processed events and the quarantine objects are durable: the function
returns last, and an exception means "deliver the batch again".
"""

from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wavetank.pipeline.aws import calls, environment, metrics
from wavetank.pipeline.aws.put_records import MAX_RECORDS, publish
from wavetank.pipeline.aws.schemas import registry, store
from wavetank.pipeline.core import envelope, quarantine
from wavetank.pipeline.core.deaggregate import deaggregate
from wavetank.pipeline.core.process import MINUTE_US, BatchContext, process, snapshots_of
from wavetank.pipeline.core.schema import Role
from wavetank.pipeline.records import Dropped, Entry, Origin, Rejected, Rejection, Stage


@dataclass(frozen=True, slots=True)
class Arrival:
    """A user record as it came: its bytes and where it came from."""

    payload: bytes
    origin: Origin


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
    context = BatchContext(
        schemas=schemas.resolve(Role.RAW, references),
        target=schemas.newest(Role.PROCESSED),
        future_bound_us=environment.number("FUTURE_BOUND_MINUTES") * MINUTE_US,
        enrichment=enrichment,
        snapshots={name: store(bucket).snapshot(name) for name in snapshots_of(enrichment, own)},
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
    calls.add_objects(environment.text("DATA_BUCKET"), quarantine.files(event_type, rejected))
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
