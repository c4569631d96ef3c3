"""Reads which events came to which hop, and when: each record and each object once, after the run.

Streams and objects know when they were written: records by the emulator's clock, objects by the wall clock, which S3
tells in whole seconds. A record on a raw stream is known by the bytes that were sent; behind the processor an event is
known by the id and the time that are in it.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wavetank.scenarios.client import streams
from wavetank.scenarios.client.aggregate import user_data
from wavetank.scenarios.client.at_rest import Layer, RestFile, RestKey, read_all
from wavetank.scenarios.client.frames import Frame, Head, frames
from wavetank.scenarios.oracle.at_rest import AtRest
from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME, History
from wavetank.scenarios.oracle.hops import Hop
from wavetank.scenarios.site.observer import heads_of
from wavetank.scenarios.site.site import CHUNKS, Site

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
class HopArrivals:
    """The events of one record or object that came to a hop: how many, copies included, and the heads of those known.

    place: id of the shard or key of the object. moment_s: seconds since the epoch, by the clock of the hop. frames: of
    those on the processed stream, payloads: SHA-256 (hex) of those on the raw one, in the order of the heads.
    """

    hop: Hop
    event_type: str
    place: str
    moment_s: float
    events: int
    heads: tuple[Head, ...] = ()
    frames: tuple[Frame, ...] = ()
    payloads: tuple[str, ...] = ()


class TraceReader:
    """A reader of a site after a run with this history; the data at rest were read before."""

    def __init__(self, site: Site, history: History, at_rest: AtRest) -> None:
        self._site = site
        # A damaged copy is no version of its event: it comes before or behind the sound ones, and goes no further.
        sound = (sent for sent in history.operations if not sent.flaw)
        self._sent = {sent.payload: Head(sent.event_id, sent.event_time_us) for sent in sound}
        self._heads = {event.name: heads_of(event) for event in site.topology.events}
        self._in_parts: defaultdict[str, list[Head]] = defaultdict(list)
        for record in at_rest.parts:
            self._in_parts[record.source].append(_head(record.content))
        self._counts = Counter(record.source for record in (*at_rest.avro, *at_rest.parquet))

    def streams(self, since: datetime) -> list[HopArrivals]:
        """The arrivals at every raw and every processed stream since then, shard by shard in its order."""
        places = [
            (stream, hop, event.name)
            for event in self._site.topology.events
            for stream, hop in ((event.raw_stream, Hop.RAW), (event.processed_stream, Hop.PROCESSED))
        ]

        def read(place: tuple[str, Hop, str]) -> list[HopArrivals]:
            stream, hop, event_type = place
            arrivals = []
            for shard, record in self._records(stream, since):
                users, sound_frames, payloads = user_data(record["Data"]), list[Frame](), list[str]()
                if hop is Hop.RAW:
                    digests = [hashlib.sha256(data).hexdigest() for data in users]
                    heads = [self._sent.get(digest) for digest in digests]
                    payloads = [digest for digest in digests if digest in self._sent]
                else:
                    first_frames = (next(frames(data), None) for data in users)
                    read = [(self._heads[event_type].read(frame), frame) for frame in first_frames if frame is not None]
                    heads = [head for head, _ in read]
                    sound_frames = [frame for head, frame in read if head is not None]
                moment_s = record["ApproximateArrivalTimestamp"].timestamp()
                sound = tuple(head for head in heads if head)
                arrivals.append(
                    HopArrivals(
                        hop,
                        event_type,
                        shard,
                        moment_s,
                        events=len(users),
                        heads=sound,
                        frames=tuple(sound_frames),
                        payloads=tuple(payloads),
                    )
                )
            return arrivals

        with ThreadPoolExecutor(STREAMS_AT_ONCE, thread_name_prefix="sightings") as pool:
            return [arrivals for of_stream in pool.map(read, places) for arrivals in of_stream]

    def objects(self) -> list[HopArrivals]:
        """The arrivals in every chunk, part and merged file."""
        pages = self._site.s3.get_paginator("list_objects_v2").paginate(Bucket=self._site.data_bucket)
        written = [
            (entry["Key"], hop, entry["LastModified"].timestamp())
            for page in pages
            for entry in page.get("Contents", [])
            for folder, hop in LAYERS.items()
            if entry["Key"].startswith(folder)
        ]
        contents = read_all(written, lambda place: self._content(place[0], place[1]))
        return [
            HopArrivals(hop, _event_type(key), place=key, moment_s=at + HALF_SECOND, events=events, heads=heads)
            for (key, hop, at), (events, heads) in zip(written, contents, strict=True)
        ]

    def _records(self, stream: str, since: datetime) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Every record of a stream since then, with the id of its shard."""
        kinesis = self._site.stack.client("kinesis")
        for shard in streams.shards(kinesis, stream):
            name = shard["ShardId"]
            yield from ((name, record) for record in streams.records(kinesis, stream, name, since))

    def _content(self, key: str, hop: Hop) -> tuple[int, tuple[Head, ...]]:
        """The number of events in an object, and the heads of those in chunks and parts."""
        match hop:
            case Hop.CHUNKS:
                heads = self._heads[_event_type(key)]
                in_frames = [heads.read(frame) for frame in frames(self._body(key))]
                return len(in_frames), tuple(head for head in in_frames if head)
            case Hop.PARTS:
                in_part = self._in_parts.get(key)
                if in_part is None:
                    in_part = [_head(record) for record in RestFile(RestKey.parse(key), self._body(key)).records()]
                return len(in_part), tuple(in_part)
            case _:
                return self._counts[key], ()

    def _body(self, key: str) -> bytes:
        body: bytes = self._site.s3.get_object(Bucket=self._site.data_bucket, Key=key)["Body"].read()
        return body


def _head(record: Mapping[str, Any]) -> Head:
    return Head(str(record[EVENT_ID]), int(record[EVENT_TIME]))


def _event_type(key: str) -> str:
    """The event type of a key: `chunks/<event>/…` or `<layer>/event=<event>/…`."""
    return key.split("/")[1].removeprefix("event=")
