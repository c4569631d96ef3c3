"""Reads which events came to which hop, and when: each record and each object once, after the run.

Streams and objects know when they were written: records by the emulator's clock, objects by the wall clock, which S3
tells in whole seconds. A record on a raw stream is known by the bytes that were sent; behind the processor an event is
known by the id and the time that are in it.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from wavetank.scenarios.client.aggregate import user_data
from wavetank.scenarios.client.at_rest import Layer, RestFile, RestKey, read_all
from wavetank.scenarios.client.frames import Head, Heads, frames
from wavetank.scenarios.oracle.at_rest import AtRest
from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME, History
from wavetank.scenarios.oracle.hops import Hop
from wavetank.scenarios.site.site import CHUNKS, Site

PROCESSED = "processed"
"""The role of the schemas that events are written with behind the processor."""
STREAMS_AT_ONCE = 6
HALF_SECOND = 0.5
"""S3 tells whole seconds: an object was written half a second later, on average."""
LAYERS = {
    CHUNKS: Hop.CHUNKS,
    f"{Layer.PARTS}/": Hop.PARTS,
    f"{Layer.AVRO}/": Hop.MERGED,
    f"{Layer.PARQUET}/": Hop.PARQUET,
}


@dataclass(frozen=True, slots=True)
class Sighting:
    """What came to a hop in one record or object: so many events, copies included, and the heads of those known.

    place: id of the shard or key of the object. moment_s: seconds since the epoch, by the clock of the hop.
    """

    hop: Hop
    event_type: str
    place: str
    moment_s: float
    events: int
    heads: tuple[Head, ...] = ()


@dataclass(frozen=True)
class Reader:
    """Reads a site after a run with this history; what is at rest was read before."""

    site: Site
    history: History
    at_rest: AtRest

    def streams(self, since: datetime) -> list[Sighting]:
        """What came to every raw and every processed stream since then, shard by shard in its order."""
        places = [
            (stream, hop, event.name)
            for event in self.site.topology.events
            for stream, hop in ((event.raw_stream, Hop.RAW), (event.processed_stream, Hop.PROCESSED))
        ]

        def read(place: tuple[str, Hop, str]) -> list[Sighting]:
            stream, hop, event_type = place
            return [self._record(hop, event_type, *each) for each in self._records(stream, since)]

        with ThreadPoolExecutor(STREAMS_AT_ONCE, thread_name_prefix="sightings") as pool:
            return [sighting for some in pool.map(read, places) for sighting in some]

    def objects(self) -> list[Sighting]:
        """What is in every chunk, part and merged file."""
        written = [(key, hop, at) for key, at in self._listed() if (hop := _hop_of(key)) is not None]
        contents = read_all(written, lambda place: self._content(place[0], place[1]))
        return [
            Sighting(hop, _event_type(key), key, at + HALF_SECOND, *content)
            for (key, hop, at), content in zip(written, contents, strict=True)
        ]

    def _records(self, stream: str, since: datetime) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Every record of a stream since then, with the id of its shard."""
        kinesis = self.site.stack.client("kinesis")
        for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
            name = shard["ShardId"]
            where = kinesis.get_shard_iterator(
                StreamName=stream, ShardId=name, ShardIteratorType="AT_TIMESTAMP", Timestamp=since
            )
            iterator = where["ShardIterator"]
            while iterator:
                answer = kinesis.get_records(ShardIterator=iterator)
                yield from ((name, record) for record in answer["Records"])
                iterator = answer.get("NextShardIterator") if answer["MillisBehindLatest"] else None

    def _record(self, hop: Hop, event_type: str, shard: str, record: Mapping[str, Any]) -> Sighting:
        moment_s = record["ApproximateArrivalTimestamp"].timestamp()
        users = user_data(record["Data"])
        found = (self._sent(data) if hop is Hop.RAW else self._first_in(event_type, data) for data in users)
        return Sighting(hop, event_type, shard, moment_s, len(users), tuple(head for head in found if head))

    @cached_property
    def _by_payload(self) -> dict[str, Head]:
        return {sent.payload: Head(sent.event_id, sent.event_time_us) for sent in self.history.operations}

    @cached_property
    def _heads(self) -> dict[str, Heads]:
        return {
            event.name: Heads.of_files(schema.path for schema in event.schemas if schema.role == PROCESSED)
            for event in self.site.topology.events
        }

    @cached_property
    def _in_parts(self) -> dict[str, list[Head]]:
        """What is in the parts, where they were read already."""
        found: dict[str, list[Head]] = {}
        for record in self.at_rest.parts:
            found.setdefault(record.source, []).append(_head(record.content))
        return found

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(record.source for record in (*self.at_rest.avro, *self.at_rest.parquet))

    def _sent(self, data: bytes) -> Head | None:
        return self._by_payload.get(hashlib.sha256(data).hexdigest())

    def _first_in(self, event_type: str, data: bytes) -> Head | None:
        heads = self._heads[event_type]
        return next((heads.read(frame) for frame in frames(data)), None)

    def _listed(self) -> Iterator[tuple[str, float]]:
        """Key and time of every object of the data bucket."""
        for page in self.site.s3.get_paginator("list_objects_v2").paginate(Bucket=self.site.data_bucket):
            yield from ((entry["Key"], entry["LastModified"].timestamp()) for entry in page.get("Contents", []))

    def _content(self, key: str, hop: Hop) -> tuple[int, tuple[Head, ...]]:
        """How many events are in an object, and the heads of those in chunks and parts."""
        match hop:
            case Hop.CHUNKS:
                heads = self._heads[_event_type(key)]
                found = [heads.read(frame) for frame in frames(self._body(key))]
                return len(found), tuple(head for head in found if head)
            case Hop.PARTS:
                known = self._in_parts.get(key)
                parts = known if known is not None else self._read_part(key)
                return len(parts), tuple(parts)
            case _:
                return self._counts[key], ()

    def _read_part(self, key: str) -> list[Head]:
        return [_head(record) for record in RestFile(RestKey.parse(key), self._body(key)).records()]

    def _body(self, key: str) -> bytes:
        body: bytes = self.site.s3.get_object(Bucket=self.site.data_bucket, Key=key)["Body"].read()
        return body


def _head(record: Mapping[str, Any]) -> Head:
    return Head(str(record[EVENT_ID]), int(record[EVENT_TIME]))


def _hop_of(key: str) -> Hop | None:
    return next((hop for folder, hop in LAYERS.items() if key.startswith(folder)), None)


def _event_type(key: str) -> str:
    """The event type of a key: `chunks/<event>/…` or `<layer>/event=<event>/…`."""
    return key.split("/")[1].removeprefix("event=")
