"""What is read of the hops after a run: each event known by its bytes on the raw stream, by its id behind it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from typing import Any

from wavetank.emulator.stack.home import project_root
from wavetank.pipeline import topology
from wavetank.scenarios.client.aggregate import aggregate
from wavetank.scenarios.client.batches import Message
from wavetank.scenarios.client.frames import Head
from wavetank.scenarios.client.wire import encode_frame, newest_schema
from wavetank.scenarios.oracle.at_rest import AtRest, Model, Stored
from wavetank.scenarios.oracle.history import History, Operation, Outcome
from wavetank.scenarios.oracle.hops import Hop
from wavetank.scenarios.run.sightings import HopArrivals, TraceReader
from wavetank.scenarios.site.observer import arrivals
from wavetank.scenarios.site.site import Site

SCHEMAS = project_root() / "schemas"
TOPOLOGY = topology.load(SCHEMAS)
RAW, PROCESSED = (newest_schema(SCHEMAS / "click", role) for role in ("raw", "processed"))
NOON = datetime(2019, 11, 24, 12, tzinfo=UTC)
NOON_US = int(NOON.timestamp()) * 1_000_000
A, B = Head("a", NOON_US), Head("b", NOON_US)


def raw(event_id: str) -> bytes:
    return encode_frame(RAW, {"event_id": event_id, "event_time": NOON_US})


def processed(event_id: str) -> bytes:
    return encode_frame(PROCESSED, {"event_id": event_id, "event_time": NOON_US})


HISTORY = History(
    tuple(
        Operation("click", each, {"event_time": NOON_US}, sha256(raw(each)).hexdigest(), Outcome.OK, 0.0, 0.1)
        for each in "ab"
    )
)


@dataclass
class Kinesis:
    """Streams of one shard each; every record arrived at noon."""

    records: dict[str, list[bytes]] = field(default_factory=dict)

    def list_shards(self, StreamName: str) -> dict[str, Any]:  # noqa: N803
        return {"Shards": [{"ShardId": "shard-0"}]}

    def get_shard_iterator(self, StreamName: str, **_: object) -> dict[str, str]:  # noqa: N803
        return {"ShardIterator": StreamName}

    def get_records(self, ShardIterator: str) -> dict[str, Any]:  # noqa: N803
        came = [{"Data": data, "ApproximateArrivalTimestamp": NOON} for data in self.records.get(ShardIterator, ())]
        return {"Records": came, "MillisBehindLatest": 0}


@dataclass
class Bucket:
    """Objects that were written at noon; it counts how often each is read."""

    objects: dict[str, bytes]
    reads: list[str] = field(default_factory=list)

    def get_paginator(self, _operation: str) -> "Bucket":
        return self

    def paginate(self, **_: object) -> Iterator[dict[str, Any]]:
        yield {"Contents": [{"Key": key, "LastModified": NOON} for key in self.objects]}

    def get_object(self, Key: str, **_: object) -> dict[str, Any]:  # noqa: N803
        self.reads.append(Key)
        return {"Body": BytesIO(self.objects[Key])}


@dataclass
class Clients:
    """The clients of a stack."""

    kinesis: Kinesis
    s3: Bucket
    account: str = "000000000000"

    def client(self, service: str) -> Any:
        return getattr(self, service)


def reader(kinesis: Kinesis, bucket: Bucket, at_rest: AtRest | None = None) -> TraceReader:
    stack: Any = Clients(kinesis, bucket)
    return TraceReader(Site(stack, TOPOLOGY, SCHEMAS), HISTORY, at_rest or AtRest())


def streamed(stream: str, *records: bytes) -> list[HopArrivals]:
    return reader(Kinesis({stream: list(records)}), Bucket({})).streams(NOON)


def test_a_raw_record_is_known_by_the_bytes_that_were_sent() -> None:
    known, strange = streamed("wavetank-click-raw", raw("a"), raw("stranger"))
    payloads = (sha256(raw("a")).hexdigest(),)
    assert known == HopArrivals(Hop.RAW, "click", "shard-0", NOON.timestamp(), 1, (A,), payloads=payloads)
    assert (strange.events, strange.heads) == (1, ())


def test_an_aggregate_counts_as_the_events_that_are_in_it() -> None:
    packed = aggregate([Message("raw", "k", raw("a")), Message("raw", "k", b"damaged"), Message("raw", "k", raw("b"))])
    (arrivals,) = streamed("wavetank-click-raw", packed.data)
    assert (arrivals.events, arrivals.heads) == (3, (A, B))


def test_what_was_sent_arrived_as_often_as_its_bytes_are_on_the_raw_stream_and_with_those_it_shares_a_record() -> None:
    packed = aggregate([Message("raw", "k", raw("a")), Message("raw", "k", raw("b"))]).data
    stack: Any = Clients(Kinesis({"wavetank-click-raw": [packed, raw("a")]}), Bucket({}))
    digests = [sha256(raw(each)).hexdigest() for each in "ab"]
    assert arrivals(Site(stack, TOPOLOGY, SCHEMAS), NOON) == {digests[0]: (NOON_US, NOON_US), digests[1]: (NOON_US,)}


def test_behind_the_processor_an_event_is_known_by_the_id_in_it() -> None:
    (arrivals,) = streamed("wavetank-click-processed", processed("b"))
    assert (arrivals.hop, arrivals.heads) == (Hop.PROCESSED, (B,))


def test_a_chunk_counts_every_copy_in_it() -> None:
    chunk = processed("a") + b"noise" + processed("b") + processed("a")
    (arrivals,) = reader(Kinesis(), Bucket({"chunks/click/2019/11/24/12/x": chunk})).objects()
    assert (arrivals.hop, arrivals.event_type, arrivals.events, arrivals.heads) == (Hop.CHUNKS, "click", 3, (A, B, A))
    assert arrivals.moment_s == NOON.timestamp() + 0.5


def test_what_was_read_before_is_not_read_again_and_other_objects_never() -> None:
    partition = Model(2).partition_of("click", "a", NOON_US)
    where = f"event=click/date=2019-11-24/hour=12/bucket=0{partition.bucket}"
    part, avro, parquet = f"parts/{where}/x.avro", f"avro/{where}/events.avro", f"parquet/{where}/events.parquet"
    bucket = Bucket(dict.fromkeys((part, avro, parquet, f"ids/{where}/ids", f"late/{where}/y.avro"), b""))

    def stored(source: str) -> tuple[Stored, ...]:
        return (Stored("a", {"event_id": "a", "event_time": NOON_US}, partition, source),)

    at_rest = AtRest(avro=stored(avro), parquet=stored(parquet), parts=stored(part))
    found = reader(Kinesis(), bucket, at_rest).objects()
    assert [(arrivals.hop, arrivals.events) for arrivals in found] == [
        (Hop.PARTS, 1),
        (Hop.MERGED, 1),
        (Hop.PARQUET, 1),
    ]
    assert bucket.reads == []
