"""The flows of a case: rates a second at every hop of each event type, at a steady load. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import inf

from wavetank.pipeline.components.model import Component, StreamMode
from wavetank.pipeline.reference.index import REFRESH_US, SECOND_US
from wavetank.scenarios.flow import ratios as of
from wavetank.scenarios.flow.inventory import Inventory
from wavetank.scenarios.flow.ratios import Ratio, Ratios
from wavetank.scenarios.flow.references import ReferenceUse

MIB = 1024**2
HOUR_S, DAY_S = 3_600, 86_400
POLL_S = 1.0
"""Lambda and Firehose read each shard once a second (Lambda developer guide, "Polling and batching streams"; Firehose
developer guide, "Writing to Firehose using Kinesis Data Streams")."""
ON_DEMAND_SHARD_BYTES = MIB
REFERENCE_MIB = 512
FULL_CPU_MIB = 1_769
"""The memory with which a function has one CPU; with less it has as much less of it (Lambda developer guide, "Configure
Lambda function memory")."""
LISTED_AT_ONCE = 1_000
"""Keys in an answer of ListObjectsV2 (S3 API reference)."""
UPLOAD_PART_BYTES = 8 * MIB
"""The part size of boto3's uploads."""
REPLAYS_PER_HOUR, PLANS_PER_HOUR, FIRST_MINUTES = 4, 1, 5
"""Runs of the replayer and the planner, and how many minutes past the hour the planner runs, as the template says."""
PARALLEL = 8
"""Requests to S3 that a function makes at the same time (`wavetank.pipeline.aws.calls`)."""


@dataclass(frozen=True, slots=True)
class Load:
    """The load on a stage: events a second of all types together; `aggregated`: events in a record of the producers.

    shares: by event type, its part of the events; even where it is left out. consumers: enhanced fan-out consumers of
    each processed stream.
    """

    events_per_s: float
    aggregated: int = 1
    consumers: int = 0
    shares: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """A load on the components of a stage, by event type, with the ratios that hold there and what its templates make.

    frames_per_record: processed events that the processor puts in one record; one, as it is today. references: what
    reference data are read and asked for. vpc_subnets: of the dumpers, none where they are in no VPC.
    """

    components: Mapping[str, Component]
    inventory: Inventory
    load: Load
    ratios: Ratios = field(default_factory=Ratios)
    frames_per_record: int = 1
    replays_per_hour: float = REPLAYS_PER_HOUR
    references: ReferenceUse = field(default_factory=ReferenceUse)
    vpc_subnets: int = 0

    @property
    def flows(self) -> "dict[str, Flow]":
        """The flow of each event type."""
        return {name: Flow(self, name) for name in self.components}

    def events_per_s(self, event_type: str) -> float:
        """The events of one type, a second."""
        shares = self.load.shares
        if not sum(shares.get(name, 0) for name in self.components):
            return self.load.events_per_s / len(self.components)
        total = sum(shares.get(name, 0) for name in self.components)
        return self.load.events_per_s * shares.get(event_type, 0) / total

    @property
    def replay_s(self) -> float:
        """The time that the replayer takes for the look-back of all event types, in seconds."""
        return self._requested_s(sum(flow.look_back_chunks for flow in self.flows.values()))

    @property
    def plan_s(self) -> float:
        """The time that the planner takes for the partitions of all event types, in seconds."""
        return self._requested_s(sum(flow.known_partitions for flow in self.flows.values()))

    def _requested_s(self, requests: float) -> float:
        return requests * self.ratios[of.REQUEST_MS] / 1000 / PARALLEL

    def at(self, events_per_s: float) -> "Case":
        """The same under another load."""
        return replace(self, load=replace(self.load, events_per_s=events_per_s))


def gathered(rate: float, most: float, window_s: float) -> float:
    """Batches a second, of things that come at `rate`, each of `most` at most and gathered for `window_s` at most.

    A batch begins with the first thing that comes and ends when it is full or its window is over, so that one comes
    every `window_s` and the wait for a first thing; where things come faster than `most` a window, full ones.
    """
    return max(rate / most, rate / (1 + rate * window_s))


def spread(things: float, places: float) -> float:
    """The number of places that so many things, each put in a place at random, are expected in."""
    return places * (1 - (1 - 1 / places) ** things) if places > 1 else min(things, places)


@dataclass(frozen=True, slots=True)
class Flow:
    """The flow of one event type in a case; all rates are a second."""

    case: Case
    event_type: str

    @property
    def component(self) -> Component:
        """Its settings."""
        return self.case.components[self.event_type]

    @property
    def events(self) -> float:
        """Events."""
        return self.case.events_per_s(self.event_type)

    @property
    def raw_records(self) -> float:
        """Records on the raw stream."""
        return self.events / self.case.load.aggregated

    @property
    def raw_record_bytes(self) -> float:
        """The bytes of one of these."""
        return self._of(of.EVENT_BYTES) * self.case.load.aggregated

    @property
    def processed_records(self) -> float:
        """Records on the processed stream."""
        return self.events / self.case.frames_per_record

    @property
    def processed_record_bytes(self) -> float:
        """The bytes of one of these."""
        return self.processed_event_bytes * self.case.frames_per_record

    @property
    def processed_event_bytes(self) -> float:
        """The bytes of a processed event."""
        return self._of(of.EVENT_BYTES) * self._of(of.PROCESSED_RATIO)

    @property
    def shards(self) -> float:
        """Shards of each of its streams; on demand, as many as the processed one needs for its bytes, four at least."""
        stream = self.component.stream
        if stream.mode is StreamMode.PROVISIONED:
            return stream.shards
        return max(4.0, 2 * self.events * self.processed_event_bytes / ON_DEMAND_SHARD_BYTES)

    @property
    def batches(self) -> float:
        """Invocations of its processor."""
        processor, sources = self.component.processor, self.shards * self.component.processor.parallelization
        window_s = max(processor.batch_window_s, POLL_S)
        return sources * gathered(self.raw_records / sources, processor.batch_records, window_s)

    @property
    def batch_s(self) -> float:
        """The duration of one of these, in seconds: less with more CPU."""
        events = self.events / self.batches if self.batches else 0
        memory = min(self.component.processor.memory_mib, FULL_CPU_MIB)
        share = self._of(of.CPU_SHARE)
        slower = 1 - share + share * REFERENCE_MIB / memory
        return (self._of(of.PROCESSING_START_MS) + events * self._of(of.PROCESSING_MS) * slower) / 1000

    @property
    def busy_processors(self) -> float:
        """Batches that are processed at the same time, were there no limit to it."""
        return self.batches * self.batch_s

    @property
    def chunks(self) -> float:
        """Chunks that Firehose delivers."""
        delivery, size = self.component.delivery, self.processed_event_bytes
        return max(
            self.events * size / (delivery.buffer_mib * MIB), gathered(self.events, inf, max(delivery.buffer_s, POLL_S))
        )

    @property
    def chunk_events(self) -> float:
        """Events of one of these."""
        return self.events / self.chunks if self.chunks else 0

    @property
    def chunk_bytes(self) -> float:
        """Bytes of one of these."""
        return self.chunk_events * self.processed_event_bytes

    @property
    def chunk_s(self) -> float:
        """The time that one takes in the partitioner, in seconds."""
        return (self._of(of.PARTITIONING_START_MS) + self.chunk_events * self._of(of.PARTITIONING_MS)) / 1000

    @property
    def parts_per_chunk(self) -> float:
        """Parts that come of a chunk: one for each hour and bucket that it has events of."""
        return spread(self.chunk_events, self.component.hash_buckets * self._of(of.HOURS_PER_CHUNK))

    @property
    def parts(self) -> float:
        """Parts that the partitioner writes."""
        return self.chunks * self.parts_per_chunk

    @property
    def partitions(self) -> float:
        """Partitions that begin: the buckets of an hour, as far as there are events for them."""
        return spread(self.events * HOUR_S, self.component.hash_buckets) / HOUR_S

    @property
    def parts_per_partition(self) -> float:
        """Parts that a partition has in the end."""
        return self.parts / self.partitions if self.partitions else 0

    @property
    def partition_events(self) -> float:
        """Events that a partition has in the end."""
        return self.events / self.partitions if self.partitions else 0

    @property
    def merges(self) -> float:
        """Merges of partitions."""
        return self.partitions * self._of(of.MERGES_PER_PARTITION)

    @property
    def mean_merge_s(self) -> float:
        """The mean of its merges, in seconds: those before the last one have what came in the first minutes."""
        start_s, merges = self._of(of.MERGE_START_MS) / 1000, self._of(of.MERGES_PER_PARTITION)
        return start_s + (self.merge_s - start_s) * (1 + (merges - 1) * FIRST_MINUTES / 60) / merges

    @property
    def merge_s(self) -> float:
        """The longest merge of a partition, in seconds: that of all its parts."""
        waiting = (self.parts_per_partition + self.component.look_back_hours) * self._of(of.REQUEST_MS) / PARALLEL
        return (self._of(of.MERGE_START_MS) + self.partition_events * self._of(of.MERGE_MS) + waiting) / 1000

    @property
    def look_back_chunks(self) -> float:
        """Chunks of the look-back, of each of which the replayer reads the tag."""
        return self.chunks * self.component.look_back_hours * HOUR_S

    @property
    def known_partitions(self) -> float:
        """Partitions that the planner looks at: those of the look-back, and of as many hours before."""
        return self.partitions * 2 * self.component.look_back_hours * HOUR_S

    @property
    def puts(self) -> float:
        """PUT requests to S3, tags and parts of uploads included."""
        return sum(rate for _, rate in self._puts())

    @property
    def gets(self) -> float:
        """GET and HEAD requests to S3."""
        return sum(rate for _, rate in self._gets())

    @property
    def lists(self) -> float:
        """LIST requests to S3: of the replayer, the planner and merges."""
        replays, plans = self.case.replays_per_hour / HOUR_S, PLANS_PER_HOUR / HOUR_S
        kept = self.parts * self.component.expiry.part_days * DAY_S
        return (
            replays * max(1, self.look_back_chunks / LISTED_AT_ONCE)
            + plans * (2 + 2 * max(1, kept / LISTED_AT_ONCE) + self.known_partitions / LISTED_AT_ONCE)
            + self.merges
        )

    def requests(self) -> dict[str, float]:
        """The requests of S3 a second, by what they are for."""
        return dict([*self._puts(), *self._gets(), ("LIST of the look-back and of parts", self.lists)])

    def _puts(self) -> Iterator[tuple[str, float]]:
        merged = self.partition_events * self.processed_event_bytes
        avro, parquet = merged * self._of(of.AVRO_RATIO), merged * self._of(of.PARQUET_RATIO)
        yield "PUT of chunks", self.chunks * uploads(self.chunk_bytes)
        yield "PUT of parts", self.parts
        yield "PUT of tags on chunks", self.chunks
        yield "PUT of merged files", self.merges * (uploads(avro) + uploads(parquet) + 1)
        yield "PUT of tags on parts", self.merges * self._parts_per_merge

    def _gets(self) -> Iterator[tuple[str, float]]:
        yield "GET of chunks", self.chunks
        yield "GET of tags of chunks", self.case.replays_per_hour / HOUR_S * self.look_back_chunks
        yield "GET of parts", self.merges * self._parts_per_merge
        yield "GET of id indexes", self.merges * (3 + self.component.look_back_hours)
        yield "HEAD of id indexes", PLANS_PER_HOUR / HOUR_S * self.known_partitions
        yield "GET of indexes of references", self.index_reads

    @property
    def index_reads(self) -> float:
        """Requests for the indexes of its references: one in so many seconds and environment, while records come.

        There are as many environments as batches at once, at most.
        """
        places = self.shards * self.component.processor.parallelization
        asked = self.case.references.asked.get(self.event_type, 0)
        return asked * min(self.batches, places * SECOND_US / REFRESH_US)

    @property
    def _parts_per_merge(self) -> float:
        """Of the merges of a partition the last one has all its parts, those before the few that were there."""
        merges = self._of(of.MERGES_PER_PARTITION)
        return self.parts_per_partition * (1 + (merges - 1) * FIRST_MINUTES / 60) / merges

    def _of(self, ratio: Ratio) -> float:
        return self.case.ratios[ratio]


def uploads(size: float) -> float:
    """The PUT requests of an object: one, or those of an upload in parts with its beginning and its end."""
    return 1 if size <= UPLOAD_PART_BYTES else 2 + -(-size // UPLOAD_PART_BYTES)
