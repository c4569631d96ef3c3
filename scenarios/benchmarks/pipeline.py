"""How fast events go all the way, and how much of that time the pipeline's own work would take alone.

    events_per_s        events ÷ seconds from just before the first PutRecords until every event is in the Avro and
                        Parquet files at rest: put, settled (processed, chunked, partitioned), merged
    core_events_per_s   the same events through the same core functions, called directly in one thread of this process
    share_of_core       events_per_s ÷ core_events_per_s
    put_s, settle_s, merge_s   where the time of events_per_s went

The functions are warm: a smaller workload goes through before.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO

from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline.components.reference_files import FileReferences
from wavetank.pipeline.core import decode, frame
from wavetank.pipeline.core.bulk import batch
from wavetank.pipeline.core.bulk.digests import Digests
from wavetank.pipeline.core.bulk.merge import merge_all
from wavetank.pipeline.core.enrich import Enricher
from wavetank.pipeline.core.files import parquet
from wavetank.pipeline.core.partition import Scanned, partition
from wavetank.pipeline.core.process import references_of
from wavetank.pipeline.core.schema import Role, Schema, parse
from wavetank.pipeline.records import Rejection
from wavetank.pipeline.topology import EventType, Topology
from wavetank.scenarios.benchmarks.registry import BenchFailedError
from wavetank.scenarios.client import at_rest
from wavetank.scenarios.client.at_rest import Layer
from wavetank.scenarios.client.producer import Producer, Sender
from wavetank.scenarios.client.wire import encode_frame
from wavetank.scenarios.oracle.history import EVENT_TIME, Outcome
from wavetank.scenarios.oracle.promises import HASH_BUCKETS
from wavetank.scenarios.run.event_types import ad_stream_schemas
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.hours import Scheduled, planner_times
from wavetank.scenarios.workload.synthetic import WorkloadEvent, synthetic

EVENTS = 20_000
WARM_UP_EVENTS = 600
HOURS = 3.0
START = datetime(2019, 11, 24, 12, tzinfo=UTC)
WARM_UP_START = datetime(2019, 11, 20, 12, tzinfo=UTC)


def run(stack: Stack) -> dict[str, float]:
    """Measure on a stack of its own: the data bucket is emptied. Raises BenchFailedError where an event is missing."""
    site = Site.deployed_on(stack, schemas=ad_stream_schemas())
    site.settle()
    site.empty()
    _all_the_way(site, synthetic(WARM_UP_EVENTS, 1, WARM_UP_START, HOURS))
    site.empty()
    events = synthetic(EVENTS, 2, START, HOURS)
    put_s, settle_s, merge_s = _all_the_way(site, events)
    for layer in (Layer.AVRO, Layer.PARQUET):
        landed = sum(len(file.records()) for file in at_rest.files(site.s3, site.data_bucket, (layer,)))
        if landed != len(events):
            raise BenchFailedError(f"{landed} of {len(events)} events are in the {layer} files")
    events_per_s = len(events) / (put_s + settle_s + merge_s)
    routes = site.routes
    frames: defaultdict[str, list[bytes]] = defaultdict(list)
    for event in events:
        frames[event.event_type].append(encode_frame(routes[event.event_type].schema, event.record))
    paths = {name: CorePath.of(site.topology.event(name), site.topology) for name in frames}
    began = time.perf_counter()
    landed = sum(paths[name].records_at_rest(some) for name, some in frames.items())
    core_events_per_s = len(events) / (time.perf_counter() - began)
    if landed != len(events):
        raise BenchFailedError(f"{landed} of {len(events)} events came through the core functions")
    return {
        "events": len(events),
        "events_per_s": events_per_s,
        "core_events_per_s": core_events_per_s,
        "share_of_core": events_per_s / core_events_per_s,
        "put_s": put_s,
        "settle_s": settle_s,
        "merge_s": merge_s,
    }


def _all_the_way(site: Site, events: Sequence[WorkloadEvent]) -> tuple[float, float, float]:
    """Seconds to put, to settle and to merge; encoding the events is the producer's and comes before."""
    with Sender(site.stack.client("kinesis")) as sender:
        producer = Producer(sender, site.routes)
        messages = [producer.message(event) for event in events]
        began = time.perf_counter()
        receipts = sender.send(messages)
    put = time.perf_counter()
    refused = sum(receipt.outcome is not Outcome.OK for receipt in receipts)
    if refused:
        raise BenchFailedError(f"{refused} of {len(events)} events were not acknowledged")
    site.settle()
    settled = time.perf_counter()
    for moment in planner_times(int(str(event.record[EVENT_TIME])) for event in events):
        site.tick(Scheduled.PLANNER, moment)
    return put - began, settled - put, time.perf_counter() - settled


@dataclass(frozen=True)
class CorePath:
    """The core functions of an event type with all that they need, in this process and without any AWS call.

    From the frames that a producer sends to the bytes of the Avro and Parquet files at rest: decode, enrich, encode
    and frame; partition into part files; read, merge and write them. The pipeline costs at least that.
    """

    raw: Mapping[bytes, Schema]
    processed: Schema
    enricher: Enricher

    @classmethod
    def of(cls, event: EventType, planned: Topology) -> "CorePath":
        """The path of an event type, with the schemas and the reference data of the folder."""
        schemas = [parse(file.path.read_bytes(), event.name, Role(file.role), file.version) for file in event.schemas]
        raw = {schema.fingerprint: schema for schema in schemas if schema.role is Role.RAW}
        processed = max(
            (schema for schema in schemas if schema.role is Role.PROCESSED), key=lambda schema: schema.version
        )
        references = FileReferences(planned.references)
        enricher = Enricher(processed, event.enrichment, references_of(event.enrichment, None), references)
        return cls(raw, processed, enricher)

    def records_at_rest(self, frames: Iterable[bytes]) -> int:
        """Take `frames` all the way and return the number of records in the Avro files at the end."""
        chunk = b"".join(self._process(data) for data in frames)
        parts = partition(Scanned.of(chunk), {self.processed.fingerprint: self.processed}, HASH_BUCKETS)
        count = 0
        for part in parts.parts.values():
            records = merge_all(batch.read(part.data, self.processed), Digests.unpacked(b""))
            count += parquet.write_both(records, self.processed, BytesIO(), BytesIO())
        return count

    def _process(self, data: bytes) -> bytes:
        """The frame on the processed stream that the processor makes of one on the raw stream."""
        piece = frame.decode(data)
        if isinstance(piece, Rejection):
            raise ValueError(piece.message)
        event = decode.decode(piece.body, self.raw[piece.fingerprint], self.processed)
        if isinstance(event, Rejection):
            raise ValueError(event.message)
        fields = self.enricher.enriched(event, self.enricher.in_effect(event.time_us))
        return frame.encode(self.processed.fingerprint, decode.encode(fields, self.processed))
