"""Looks for one event on the streams, in a window of time: GetRecords is shared with those who process them.

A record behind the processor is put with the event's key, which tells its shard; on the raw stream a producer may have
chosen any key, or have aggregated it with others.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5
from pathlib import Path
from typing import Any

from wavetank.pipeline.topology import EventType
from wavetank.scenarios.client import streams
from wavetank.scenarios.client.aggregate import user_data
from wavetank.scenarios.client.frames import Heads, frames
from wavetank.scenarios.client.wire import WireSchema, peek
from wavetank.scenarios.observability.trace.at_rest import Say, as_of
from wavetank.scenarios.observability.trace.model import OnStream
from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME

SHARDS_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Window:
    """A span of arrival at a stream; `until` None is up to its end."""

    since: datetime
    until: datetime | None = None


class StreamSearch:
    """The search for one event on the two streams of its event type."""

    def __init__(self, kinesis: Any, event: EventType, event_id: str, say: Say) -> None:
        self._kinesis = kinesis
        self._event = event
        self._id = event_id
        self._say = say

    def processed(self, window: Window) -> list[OnStream]:
        """Its records on the processed stream."""
        shards = streams.shards(self._kinesis, self._event.processed_stream)
        if self._event.component.partition_key == EVENT_ID:
            shards = [shard for shard in shards if _takes(shard, self._id)]
        return self._read(self._event.processed_stream, shards, window)

    def raw(self, window: Window) -> list[OnStream]:
        """Its records on the raw stream."""
        shards = streams.shards(self._kinesis, self._event.raw_stream)
        return self._read(self._event.raw_stream, shards, window)

    def _read(self, stream: str, shards: Iterable[Mapping[str, Any]], window: Window) -> list[OnStream]:
        role = "raw" if stream == self._event.raw_stream else "processed"
        paths = [schema.path for schema in self._event.schemas if schema.role == role]
        heads, counts = Heads.of_files(paths), list[int]()

        def read(shard: Mapping[str, Any]) -> list[OnStream]:
            there, count = list[OnStream](), 0
            for record in streams.records(self._kinesis, stream, shard["ShardId"], window.since, window.until):
                count += 1
                there += self._in_record(stream, shard["ShardId"], record, heads, paths)
            counts.append(count)
            return there

        with ThreadPoolExecutor(SHARDS_AT_ONCE, thread_name_prefix="trace") as pool:
            records = [record for of_shard in pool.map(read, shards) for record in of_shard]
        until = f" to {window.until:%Y-%m-%dT%H:%M:%SZ}" if window.until is not None else ""
        self._say(f"{sum(counts):,} records of {stream} from {window.since:%Y-%m-%dT%H:%M:%SZ}{until}")
        return records

    def _in_record(
        self, stream: str, shard: str, record: streams.Record, heads: Heads, paths: list[Path]
    ) -> Iterator[OnStream]:
        marked = self._id.encode()
        if marked not in record["Data"]:
            return
        users = user_data(record["Data"])
        for number, data in enumerate(users):
            if marked not in data:
                continue
            head = next((heads.read(frame) for frame in frames(data)), None)
            event_id, time_us = (head.event_id, head.time_us) if head is not None else _peeked(data, paths)
            if event_id in (self._id, None):
                yield OnStream(
                    stream=stream,
                    shard=shard,
                    sequence=record["SequenceNumber"] if len(users) == 1 else f"{record['SequenceNumber']}.{number}",
                    arrived=record["ApproximateArrivalTimestamp"],
                    time_us=time_us,
                    is_whole=event_id is not None,
                    enriched_as_of=_as_of(data, paths) if stream == self._event.processed_stream else None,
                )


def _peeked(data: bytes, paths: list[Path]) -> tuple[str | None, int | None]:
    """Id and time of an event in another envelope, as far as it decodes."""
    fields = peek(data, paths) or {}
    time = fields.get(EVENT_TIME)
    return fields.get(EVENT_ID), time if isinstance(time, int) else None


def _as_of(data: bytes, paths: list[Path]) -> int | None:
    """Since when the reference data of a processed event were in effect, by the schema that it was written with."""
    fingerprints = {frame.fingerprint for frame in frames(data)}
    written = [path for path in paths if WireSchema.of(json.loads(path.read_text("utf-8"))).fingerprint in fingerprints]
    return as_of(peek(data, written) or {})


def _takes(shard: Mapping[str, Any], key: str) -> bool:
    """Whether records with this partition key go to the shard (Kinesis Data Streams API reference, "HashKeyRange")."""
    number = int.from_bytes(md5(key.encode(), usedforsecurity=False).digest())
    span = shard["HashKeyRange"]
    return int(span["StartingHashKey"]) <= number <= int(span["EndingHashKey"])
