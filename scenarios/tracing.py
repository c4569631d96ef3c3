"""Collects the timeline of a run from what is there after it: streams and objects know when they were written.

Nothing is watched while the run lasts but the emulator's clock, at each thing that the drill does.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from emulator.faults.model import Fault
from scenarios.client.rest import Layer, read_all
from scenarios.client.wire import MARK, VERSION
from scenarios.schedules import ProducerRepeats
from scenarios.site import CHUNKS, Site
from scenarios.timeline import STORM, Axis, Hop, Notes, Strike, Timeline

if TYPE_CHECKING:
    from scenarios.run import Run

HALF_SECOND = 0.5
"""S3 tells whole seconds: an object was written half a second later, on average."""
STREAMS_AT_ONCE = 6
MOST_FIRINGS = 1_000
"""So many firings at most are in one answer of the activity log."""
FRAME_START = bytes([VERSION]) + MARK


@dataclass
class Tracer:
    """The timeline of one run, made when `trace` is called; before that, `note` keeps track of the clock."""

    site: Site
    timeline: Timeline | None = None
    _notes: list[tuple[float, float]] = field(default_factory=list)

    def note(self) -> None:
        """Keep what the emulator's clock says now. A stack that does not answer has no time to keep."""
        with suppress(Exception):
            self._notes.append((time.monotonic(), self.site.now().timestamp()))

    def trace(self, run: "Run") -> None:
        """Read when events arrived at each hop and when faults struck. Whatever fails is told by the timeline."""
        now_s, duration_s = time.monotonic(), run.elapsed()
        began = now_s - duration_s
        axis = Axis(time.time() - duration_s, tuple((at - began, emulator) for at, emulator in self._notes))
        history, notes, strikes, problem = run.history, Notes(), tuple[Strike, ...](), ""
        for operation in history.operations:
            notes.add(operation.completed_s, Hop.SENT, operation.event_type)
        try:
            strikes = tuple(_strikes(run, axis))
            self._streams(axis, notes)
            self._objects(axis, notes, run)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        self.timeline = Timeline(duration_s, history.marks, notes.arrivals(), strikes, problem)

    def _streams(self, axis: Axis, notes: Notes) -> None:
        since = datetime.fromtimestamp(self._notes[0][1], UTC)
        streams = [
            (stream, hop, event.name)
            for event in self.site.topology.events
            for stream, hop in ((event.raw_stream, Hop.RAW), (event.processed_stream, Hop.PROCESSED))
        ]
        with ThreadPoolExecutor(STREAMS_AT_ONCE, thread_name_prefix="tracer") as pool:
            found = pool.map(lambda place: _arrivals(self.site, place[0], since), streams)
            for (_, hop, event_type), moments in zip(streams, found, strict=True):
                for moment in moments:
                    notes.add(axis.of_emulator(moment), hop, event_type)

    def _objects(self, axis: Axis, notes: Notes, run: "Run") -> None:
        merged = Counter(record.source for record in run.at_rest.avro) if run.at_rest is not None else Counter[str]()
        for prefix, hop, count in (
            (CHUNKS, Hop.CHUNKS, lambda key: self._read(key).count(FRAME_START)),
            (f"{Layer.PARTS}/", Hop.PARTS, lambda key: _avro_count(self._read(key))),
            (f"{Layer.AVRO}/", Hop.MERGED, lambda key: merged[key]),
        ):
            self._layer(axis, notes, prefix, hop, count)

    def _layer(self, axis: Axis, notes: Notes, prefix: str, hop: Hop, count: Callable[[str], int]) -> None:
        pages = self.site.s3.get_paginator("list_objects_v2").paginate(Bucket=self.site.data_bucket, Prefix=prefix)
        written = {
            entry["Key"]: entry["LastModified"].timestamp() for page in pages for entry in page.get("Contents", [])
        }
        for (key, moment), events in zip(written.items(), read_all(written, count), strict=True):
            notes.add(axis.of_wall(moment + HALF_SECOND), hop, _event_type(key), events)

    def _read(self, key: str) -> bytes:
        body: bytes = self.site.s3.get_object(Bucket=self.site.data_bucket, Key=key)["Body"].read()
        return body


def _strikes(run: "Run", axis: Axis) -> Iterator[Strike]:
    """What the activity log tells of the drill's faults; what the drill does itself struck when it was set up."""
    faults = {trouble.id for trouble in run.drill.troubles if isinstance(trouble, Fault)}
    for firing in _firings(run.site.stack.control):
        at_s = axis.of_emulator(firing["at"]) if "at" in firing else 0.0
        if firing["fault"] in faults and at_s >= 0:
            yield Strike(at_s, firing["fault"])
    began = next((mark.at_s for mark in run.marks if mark.what == STORM), 0.0)
    for trouble in run.drill.troubles:
        if isinstance(trouble, ProducerRepeats):
            for at_s in sorted({operation.invoked_s for operation in run.operations if operation.repeat}):
                yield Strike(at_s, trouble.id)
        elif not isinstance(trouble, Fault):
            yield Strike(began, trouble.id)


def _firings(control: Any) -> Iterator[dict[str, Any]]:
    some = control.activity()
    while some:
        yield from some
        some = control.activity(some[-1]["number"]) if len(some) >= MOST_FIRINGS else []


def _arrivals(site: Site, stream: str, since: datetime) -> list[float]:
    """When each record arrived on a stream since then, in emulator time."""
    kinesis = site.stack.client("kinesis")
    moments: list[float] = []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        where = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="AT_TIMESTAMP", Timestamp=since
        )
        iterator = where["ShardIterator"]
        while iterator:
            answer = kinesis.get_records(ShardIterator=iterator)
            moments += [record["ApproximateArrivalTimestamp"].timestamp() for record in answer["Records"]]
            iterator = answer.get("NextShardIterator") if answer["MillisBehindLatest"] else None
    return moments


def _avro_count(data: bytes) -> int:
    """How many records an Avro file holds, by the headers of its blocks."""
    import fastavro

    return sum(block.num_records for block in fastavro.block_reader(BytesIO(data)))


def _event_type(key: str) -> str:
    """The event type of a key: `chunks/<event>/…` or `<layer>/event=<event>/…`."""
    return key.split("/")[1].removeprefix("event=")
