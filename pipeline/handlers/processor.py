"""Raw stream → processed stream: decode, enrich, publish; what cannot go on is quarantined.

An event is joined with reference data first, then given to its event type's own `enrich`, then held to its rules.

Nothing is acknowledged before both the processed events and the quarantine objects are durable: the function
returns last, and an exception means "deliver the batch again".
"""

import time
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from wavetank.pipeline.aws import calls, environment, report
from wavetank.pipeline.aws.put_records import MAX_RECORDS, publish
from wavetank.pipeline.aws.references import references
from wavetank.pipeline.aws.schemas import registry
from wavetank.pipeline.aws.service_clock import SERVICE_CLOCK
from wavetank.pipeline.core import envelope, quarantine
from wavetank.pipeline.core.deaggregate import deaggregate
from wavetank.pipeline.core.enrich import Enricher
from wavetank.pipeline.core.process import MINUTE_US, BatchContext, process, references_of
from wavetank.pipeline.core.schema import Role
from wavetank.pipeline.records import Dropped, Entry, Origin, Rejected, Rejection, Stage

MICROSECONDS = 1_000_000


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
    event_type, begun = environment.text("EVENT_TYPE"), time.monotonic()
    with report.invocation(event_type, **_position(event["Records"])) as line:
        batch = list(arrivals(event["Records"]))
        line |= {"received": len(batch), "bytes": sum(len(arrival.payload) for arrival in batch)}
        times = [arrival.origin.arrived_us / MICROSECONDS for arrival in batch]
        try:
            line |= _process(batch, event_type)
            line["time_to_durable_s"] = report.age_s(min(times), SERVICE_CLOCK.now() or max(times))
        finally:
            # Of a batch for which no service was called it is known that its newest record has come.
            now = SERVICE_CLOCK.now()
            at_start = max(times) if now is None else now - (time.monotonic() - begun)
            line["oldest_age_s"] = report.age_s(min(times), at_start)
    return {name: int(line[name]) for name in ("received", "processed", "quarantined", "dropped")}


def _process(batch: Sequence[Arrival], event_type: str) -> report.Fields:
    """Process the records of a batch: the counts, once all is durable."""
    messages = [envelope.unwrap(arrival.payload) for arrival in batch]
    bucket = environment.text("REGISTRY_BUCKET")
    enrichment, own = environment.enrichment(), environment.own_code()
    schemas = registry(bucket, event_type)
    named = {message.reference for message in messages if isinstance(message, envelope.Message)}
    known = schemas.resolve(Role.RAW, named)
    enricher = Enricher(schemas.newest(Role.PROCESSED), enrichment, references_of(enrichment, own), references(bucket))
    context = BatchContext(
        schemas=known,
        enricher=enricher,
        future_bound_us=environment.number("FUTURE_BOUND_MINUTES") * MINUTE_US,
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
    return {
        "processed": len(entries),
        "quarantined": report.set_aside(event_type, rejected),
        "dropped": report.dropped(event_type, dropped),
        **({"look_ups": enricher.look_ups, "misses": enricher.misses} if enrichment else {}),
    }


def _position(records: Sequence[dict[str, Any]]) -> dict[str, str]:
    """The place of a batch in its stream: a batch is of one shard."""
    first, last = records[0], records[-1]
    return {
        "stream": first["eventSourceARN"].rpartition("/")[2],
        "shard": first["eventID"].partition(":")[0],
        "first_sequence": first["kinesis"]["sequenceNumber"],
        "last_sequence": last["kinesis"]["sequenceNumber"],
    }


def arrivals(records: list[dict[str, Any]]) -> Iterator[Arrival]:
    """Each user record of a batch; those of an aggregate share a sequence number and count on from 0."""
    for record in records:
        put = record["kinesis"]
        users = deaggregate(b64decode(put["data"]), put["partitionKey"])
        for number, user in enumerate(users):
            position = put["sequenceNumber"] if len(users) == 1 else f"{put['sequenceNumber']}.{number}"
            arrived_us = int(put["approximateArrivalTimestamp"] * MICROSECONDS)
            origin = Origin(record["eventSourceARN"], position, user.partition_key, arrived_us)
            yield Arrival(user.data, origin)
