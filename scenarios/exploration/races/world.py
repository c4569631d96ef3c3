"""The world of the races: what is in the data bucket, and what is to be done, when a run begins.

It is made once by the functions themselves and put back before each run, under keys that do not vary. In two hours, all
in one hash bucket:

    chunk 1      partitioned and merged; a damaged record of it is in quarantine
    chunk 2      partitioned, its parts not merged
    chunk 3      has just come: no part, no tag; it has copies of events of the others, one in a later hour
    chunk 4      came too late: its parts are among the late ones
    a document   about a batch that was given up, whose records are in quarantine
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from wavetank.emulator.faults.model import Fault, document
from wavetank.emulator.faults.points import Action, Point
from wavetank.pipeline.names import NAMES
from wavetank.pipeline.topology import EventType
from wavetank.scenarios.client import at_rest
from wavetank.scenarios.client.wire import encode_frame, newest_schema
from wavetank.scenarios.exploration.sweep.paths import HOURS, START, SYNTHETIC
from wavetank.scenarios.oracle.at_rest import HOUR_US, Model
from wavetank.scenarios.oracle.promises import HASH_BUCKETS
from wavetank.scenarios.site.damage import flipped
from wavetank.scenarios.site.site import Site, scheduled_event
from wavetank.scenarios.spec.hours import Scheduled, planner_times
from wavetank.scenarios.workload.synthetic import WorkloadEvent, synthetic

HASH_BUCKET = 0
ARRIVED = datetime(2019, 11, 25, 1, tzinfo=UTC)
"""The time at which the records in hand came."""
ATTEMPTS = 3
SETTLE_S = 60.0
_SHARD = "shardId-000000000000"
CHUNKS = 4
MERGED, UNMERGED, NEW, LATE = range(1, CHUNKS + 1)
"""The chunks by their numbers."""
GIVEN_UP = 2
"""So many events are in the batch that was given up, and so many in the one that the processor has in hand."""
TOO_LATE = timedelta(hours=24)
"""A planner that runs so much later takes what is not merged for too late."""
_SILENCE = Fault("silence", Point.S3_NOTIFICATION, Action.DROP, {"key": "*"})
"""No notification arrives, while objects are put where they belong."""
_REFUSAL = Fault("refusal", Point.SQS_SEND, Action.FAIL, {"caller": NAMES.planner})
"""The queue takes no message of the planner, and the activity log has them."""


class ActorFailedError(Exception):
    """A function kept failing, however often it was tried; the message says which and how."""


OPTIONAL: Mapping[str, tuple[str, ...]] = {
    "merged files": ("avro/", "parquet/", "ids/"),
    "late parts": ("late/",),
    "records in quarantine": ("quarantine/",),
    "a new chunk": (f"chunk {NEW}",),
}
"""What a race that fails may fail without, and how the names of its objects begin."""


@dataclass(frozen=True)
class StoredObject:
    """An object of the data bucket."""

    key: str
    body: bytes
    metadata: Mapping[str, str]
    tags: str


@dataclass(frozen=True)
class World:
    """The state in which runs begin, the same on every stack.

    tasks: the planner's messages about what is not merged, the last hour last. document: the key of the one about a
    batch that was given up. raw: records of a batch for the processor. ids: of the events that have to be at rest in
    the end, or among the late.
    """

    event_type: EventType
    objects: tuple[StoredObject, ...]
    tasks: tuple[str, ...]
    chunks: Mapping[int, str]
    document: str
    raw: tuple[bytes, ...]
    merge_times: tuple[datetime, ...]
    ids: frozenset[str]

    @property
    def late_time(self) -> datetime:
        """A time at which every hour has left the look-back."""
        return max(self.merge_times) + TOO_LATE

    def named(self, key: str) -> str:
        """A key for people, the same in every run: a chunk and its parts by the chunk's number."""
        for number, chunk in self.chunks.items():
            digest = hashlib.sha256(chunk.encode()).hexdigest()[:32]
            key = key.replace(chunk, f"chunk {number}").replace(digest, f"of chunk {number}")
        return key

    def only(self, some: Collection[str]) -> "World":
        """The world with these of the `OPTIONAL` things in it alone; which events are at rest is open then."""
        gone = [prefix for name, prefixes in OPTIONAL.items() if name not in some for prefix in prefixes]
        kept = tuple(stored for stored in self.objects if not self.named(stored.key).startswith(tuple(gone)))
        return replace(self, objects=kept, ids=frozenset())

    def restore(self, site: Site) -> None:
        """Make the site's data bucket what it is in this world, with nothing in flight.

        Id indexes come first: it does not depend on the second in which they are written which of them are read.
        """
        site.stack.control.reset()
        with_indexes_first = sorted(self.objects, key=lambda stored: not stored.key.startswith("ids/"))
        indexes = [stored for stored in with_indexes_first if stored.key.startswith("ids/")]
        with _silence(site):
            for some in (indexes, with_indexes_first[len(indexes) :]):
                list(at_rest.read_all(some, lambda stored: _put(site, stored)))


def build(site: Site, event_type: str, seed: int) -> World:
    """The world of the events of a seed, made on `site`, which is emptied before."""
    event, now = site.topology.event(event_type), site.now()
    events = drawn(event_type, seed)
    given_up, in_hand, flow = events[:GIVEN_UP], events[GIVEN_UP : 2 * GIVEN_UP], events[2 * GIVEN_UP :]
    keys = {number: chunk_key(event, number, now) for number in range(1, CHUNKS + 1)}
    raw = newest_schema(event.folder, "raw")
    abandoned, frames = ([encode_frame(raw, each.record) for each in some] for some in (given_up, in_hand))
    text = _failure_document(site, event, abandoned)
    site.stack.control.reset()
    world = World(
        event_type=event,
        objects=(),
        tasks=(),
        chunks=keys,
        document=f"aws/lambda/mapping/{_SHARD}/{now:%Y/%m/%d}/batch",
        raw=(*frames, flipped(frames[0])),
        merge_times=tuple(planner_times(each.time_us for each in events)),
        ids=frozenset(each.event_id for each in flow),
    )
    with _silence(site):
        for stored in chunks(world, flow):
            _put(site, stored)
            _handle(site, world, stored.key)
        _put(site, StoredObject(world.document, text, {}, ""))
        invoke(site, NAMES.rescuer, created(site, world.document))
        tasks = _tasks(site, max(world.merge_times))
        return replace(world, objects=tuple(_objects(site)), tasks=tuple(sorted(tasks)))


def created(site: Site, key: str) -> dict[str, Any]:
    """The event by which S3 tells of an object (S3 user guide, "Event message structure")."""
    return {"Records": [{"s3": {"bucket": {"name": site.data_bucket}, "object": {"key": key}}}]}


def ticked(site: Site, function: Scheduled, moment: datetime) -> dict[str, Any]:
    """The event of a schedule."""
    (name,) = site.functions(function)
    return scheduled_event(name, moment, site.stack.account, site.stack.region)


def invoke(site: Site, function: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a function to an event, which it is given again if it fails. Raises ActorFailedError."""
    answer = ""
    for _ in range(ATTEMPTS):
        response = site.stack.client("lambda", long=True).invoke(
            FunctionName=function, Payload=json.dumps(event).encode()
        )
        answer = response["Payload"].read().decode()
        if "FunctionError" not in response:
            return dict(json.loads(answer))
    raise ActorFailedError(f"{function} failed {ATTEMPTS} times: {answer[:300]}")


def batch(world: World, site: Site, frames: Sequence[bytes], first: int = 0) -> dict[str, Any]:
    """The event by which an event source mapping hands over records of the raw stream (Lambda developer guide)."""
    arn = f"arn:aws:kinesis:{site.stack.region}:{site.stack.account}:stream/{world.event_type.raw_stream}"
    return {"Records": _records(arn, frames, first)}


def drawn(event_type: str, seed: int) -> list[WorkloadEvent]:
    """Events of one hash bucket, in the order of their times."""
    model = Model(HASH_BUCKETS)
    return [
        event
        for event in synthetic(SYNTHETIC, seed, START, HOURS)
        if event.event_type == event_type
        and model.partition_of(event_type, event.event_id, event.time_us).bucket == HASH_BUCKET
    ]


def chunk_key(event: EventType, number: int, now: datetime) -> str:
    """A key as Firehose would give it now, with an id that follows from the number."""
    stamp = f"{now:%Y-%m-%d-%H}-00-00-00000000-0000-4000-8000-{number:012d}"
    return f"{event.chunk_prefix}{now:%Y/%m/%d/%H}/{event.delivery_stream}-1-{stamp}"


def chunks(world: World, events: Sequence[WorkloadEvent]) -> Iterator[StoredObject]:
    """Every chunk in the order in which it comes; each has events of both hours."""
    schema = newest_schema(world.event_type.folder, "processed")
    for number in (MERGED, LATE, UNMERGED, NEW):
        own = list(events[number - 1 :: CHUNKS])
        if number == NEW:
            # The first copy is of an event of the first hour: the one that it is a copy of stays.
            own += [events[0].at(events[0].time_us + HOUR_US), events[1]]
        frames = [encode_frame(schema, event.record) for event in own]
        damaged = [flipped(frames[0])] if number in (MERGED, NEW) else []
        yield StoredObject(world.chunks[number], b"".join([*frames, *damaged]), {}, "")


def _handle(site: Site, world: World, key: str) -> None:
    """Have done with a chunk what was done before the races."""
    if key == world.chunks[NEW]:
        return
    invoke(site, NAMES.partitioner, created(site, key))
    if key == world.chunks[MERGED]:
        for moment in world.merge_times:
            site.tick(Scheduled.PLANNER, moment)
    elif key == world.chunks[LATE]:
        site.tick(Scheduled.PLANNER, world.late_time)


def _failure_document(site: Site, event: EventType, frames: Sequence[bytes]) -> bytes:
    """A document about records that the stream has lost (Lambda developer guide, "Retain discarded batch records")."""
    kinesis: Any = site.stack.client("kinesis")
    put = kinesis.put_record(StreamName=event.raw_stream, PartitionKey="given-up", Data=frames[0])
    arn = f"arn:aws:kinesis:{site.stack.region}:{site.stack.account}:stream/{event.raw_stream}"
    first = int(put["SequenceNumber"])
    records = _records(arn, frames, first)
    contents = {
        "requestContext": {"condition": "RetryAttemptsExhausted"},
        "KinesisBatchInfo": {
            "shardId": put["ShardId"],
            "startSequenceNumber": records[0]["kinesis"]["sequenceNumber"],
            "endSequenceNumber": records[-1]["kinesis"]["sequenceNumber"],
            "batchSize": len(records),
            "streamArn": arn,
        },
        "payload": json.dumps({"Records": records}),
    }
    return json.dumps(contents).encode()


def _records(arn: str, frames: Sequence[bytes], first: int) -> list[dict[str, Any]]:
    return [
        {
            "eventSourceARN": arn,
            "kinesis": {
                "data": b64encode(data).decode(),
                "partitionKey": f"race-{number}",
                "sequenceNumber": str(first + number),
                "approximateArrivalTimestamp": ARRIVED.timestamp(),
            },
        }
        for number, data in enumerate(frames)
    ]


def _tasks(site: Site, moment: datetime) -> list[str]:
    """The messages that a planner sends now, none of which arrives."""
    control = site.stack.control
    control.add_fault(document(_REFUSAL))
    try:
        with suppress(ActorFailedError):
            invoke(site, NAMES.planner, ticked(site, Scheduled.PLANNER, moment))
        return list({firing["target"]["content"] for firing in control.activity() if firing["fault"] == _REFUSAL.id})
    finally:
        control.remove_fault(_REFUSAL.id)


def _objects(site: Site) -> Iterator[StoredObject]:
    s3, bucket = site.s3, site.data_bucket

    def read(key: str) -> StoredObject:
        stored = s3.get_object(Bucket=bucket, Key=key)
        tags = s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
        return StoredObject(
            key, stored["Body"].read(), stored["Metadata"], urlencode({tag["Key"]: tag["Value"] for tag in tags})
        )

    return at_rest.read_all(list(at_rest.keys(s3, bucket, "")), read)


def _put(site: Site, stored: StoredObject) -> None:
    tagging = {"Tagging": stored.tags} if stored.tags else {}
    site.s3.put_object(Bucket=site.data_bucket, Key=stored.key, Body=stored.body, Metadata=stored.metadata, **tagging)


@contextmanager
def _silence(site: Site) -> Iterator[None]:
    control = site.stack.control
    control.add_fault(document(_SILENCE))
    yield
    site.stack.settle(SETTLE_S, telemetry=False)
    control.remove_fault(_SILENCE.id)
