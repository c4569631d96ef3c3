"""The history of what was sent (`oracle.history`), read after the fact: from a journal, or from the raw streams."""

from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from typing import Any

from fastavro import schemaless_reader

from wavetank.scenarios.client import streams
from wavetank.scenarios.client.aggregate import user_data
from wavetank.scenarios.client.frames import START, frames
from wavetank.scenarios.client.journal import Contents
from wavetank.scenarios.client.wire import MICROS_PER_MILLI, WireSchema, peek, versions
from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME, History, Operation, Outcome, Value
from wavetank.scenarios.site.site import Site

UNDECODABLE = "does not decode"
"""The flaw of what cannot be read: it has to be set aside."""


def history_of_journal(site: Site, contents: Contents) -> History:
    """The history that a journal keeps: what is done was acknowledged, of the others nothing is known."""
    readers = {route.stream: SentReader(site, name) for name, route in site.routes.items()}
    operations = []
    for number in sorted(contents.kept):
        message = contents.message(number)
        outcome = Outcome.OK if number in contents.done else Outcome.UNKNOWN
        if message.stream in readers:
            operations.append(readers[message.stream].operation(message.data, outcome))
    return History(tuple(operations))


def history_of_streams(site: Site, since: datetime) -> History:
    """The history of what arrived at the raw streams since then, and is there still: all of it was acknowledged."""
    operations = []
    for name, route in site.routes.items():
        reader = SentReader(site, name)
        for _, data in user_records(site, route.stream, since):
            operations.append(reader.operation(data, Outcome.OK))
    return History(tuple(operations))


class SentReader:
    """The reader of what producers send of one event type."""

    def __init__(self, site: Site, event_type: str) -> None:
        self._event_type = event_type
        self._folder = site.topology.event(event_type).folder
        self._schemas = {schema.fingerprint: schema for schema in versions(self._folder).values()}

    def operation(self, data: bytes, outcome: Outcome) -> Operation:
        """The attempt to send these bytes; what does not decode has its digest as its id."""
        digest = sha256(data).hexdigest()
        content = self._content(data)
        flaw = UNDECODABLE if content is None else ""
        if content is None:
            content = {EVENT_ID: f"payload {digest[:12]}", EVENT_TIME: 0}
        event_id = str(content[EVENT_ID])
        return Operation(
            event_type=self._event_type,
            event_id=event_id,
            content=content,
            payload=digest,
            outcome=outcome,
            invoked_s=0.0,
            completed_s=0.0,
            flaw=flaw,
            size=len(data),
        )

    def _content(self, data: bytes) -> dict[str, Value] | None:
        """The fields of an event in the oracle's words, in whatever envelope; None where it does not decode."""
        frame = next(frames(data), None)
        schema = self._schemas.get(frame.fingerprint) if frame is not None else None
        if frame is not None and schema is not None:
            return _sound(schema, lambda: schemaless_reader(BytesIO(frame.body), schema.parsed, None))
        if frame is not None or data.startswith(START):
            return None
        newest = max(versions(self._folder).items())[1]
        return _sound(newest, lambda: peek(data, sorted(self._folder.glob("raw.*.avsc"))))


def _sound(schema: WireSchema, read: Callable[[], Any]) -> dict[str, Value] | None:
    try:
        fields = read()
        content = schema.in_words(fields)
        content[EVENT_TIME] = int(fields[EVENT_TIME]) * (MICROS_PER_MILLI if schema.time_is_millis else 1)
        return content if content[EVENT_ID] else None
    except Exception:
        return None


def user_records(site: Site, stream: str, since: datetime) -> Iterator[tuple[str, bytes]]:
    """The user records on a stream since then, each with its shard, shard by shard in its order."""
    kinesis = site.stack.client("kinesis")
    for shard in streams.shards(kinesis, stream):
        for record in streams.records(kinesis, stream, shard["ShardId"], since):
            yield from ((shard["ShardId"], data) for data in user_data(record["Data"]))
