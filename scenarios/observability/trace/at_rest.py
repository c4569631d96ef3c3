"""Looks for one event at rest: in id indexes, merged files, parts, chunks and quarantine.

Of the files by partition only those of the event's hash bucket are looked at, and of these only what was written since
a time. Which parts a chunk gave follows from its key, so that chunks are read only where a part has the event, or where
a chunk has no part at all.
"""

import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import md5, sha256
from io import BytesIO
from typing import Any

from wavetank.pipeline import layout
from wavetank.pipeline.layout import Partition
from wavetank.scenarios.client import at_rest as rest
from wavetank.scenarios.client import quarantine
from wavetank.scenarios.client.frames import frames
from wavetank.scenarios.observability.trace.model import InChunk, Indexed, InFile, InQuarantine
from wavetank.scenarios.oracle.at_rest import canonical
from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME
from wavetank.scenarios.site.observer import heads_of
from wavetank.scenarios.site.site import DONE_TAG, Site

DIGEST_BYTES, LENGTH_BYTES = 16, 4
INDEX = "wavetank.index"
"""Metadata of a part: of each record the length, four bytes, then of each the digest of its id, as base64."""
HOUR, MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ENRICHED_AS_OF = "enriched_as_of"
"""The field of processed events that says it."""

Say = Callable[[str], None]
"""Takes a sentence about how far the search has come."""


@dataclass(frozen=True)
class Listed:
    """An object of a listing."""

    key: str
    written: datetime

    @property
    def partition(self) -> str:
        """The path of its partition."""
        return self.key.partition("/")[2].rpartition("/")[0]


class RestSearch:
    """The search for one event of one event type in the data bucket, among what was written since then."""

    def __init__(self, site: Site, event_type: str, event_id: str, since: datetime, say: Say) -> None:
        self._site = site
        self._s3 = site.s3
        self._event = site.topology.event(event_type)
        self._id = event_id
        self._since = since
        self._say = say
        self._digest = md5(event_id.encode(), usedforsecurity=False).digest()
        bucket = int.from_bytes(self._digest[:4]) % self._event.component.hash_buckets
        self._folder = f"/bucket={bucket:02}/"
        self._part_names: set[str] = set()

    def indexed(self) -> list[Indexed]:
        """The partitions whose id index has the event, and those that left something out of what they merged."""
        objects = [listed for listed in self._listing(layout.IDS) if listed.written >= self._since]
        self._say(f"{len(objects):,} id indexes")

        def read(listed: Listed) -> Indexed | None:
            head, _, digests = self._body(listed.key).partition(b"\n")
            document = json.loads(head)
            left_out = {str(key): tuple(numbers) for key, (_, numbers) in document.get("left_out", {}).items()}
            has_event = self._number_in(digests) is not None
            if not left_out and not has_event:
                return None
            inputs = frozenset(document["inputs"])
            return Indexed(listed.partition, inputs, listed.written, left_out=left_out, has_event=has_event)

        return [index for index in rest.read_all(objects, read) if index is not None]

    def merged(self, indexed: Iterable[Indexed]) -> list[InFile]:
        """The records of merged files, in the partitions of these indexes."""
        keys = [layout.avro_key(Partition.from_path(index.partition)) for index in indexed]
        return [record for records in rest.read_all(keys, lambda key: self._records(key)) for record in records]

    def parts(self, indexed: Iterable[Indexed]) -> list[InFile]:
        """The records of parts: of those that indexes with the event were made of, and of those in no index yet."""
        inputs = {key for index in indexed for key in (*index.inputs, *index.left_out)}
        listing = list(self._listing(layout.PARTS, self._part_names))
        keys = [each.key for each in listing if each.key in inputs or each.written >= self._since]
        self._say(f"{len(keys):,} parts")
        return [record for records in rest.read_all(keys, self._in_part) for record in records]

    def late(self) -> list[InFile]:
        """The records of parts that were put aside because they came late."""
        listing = list(self._listing(layout.LATE, self._part_names))
        keys = [each.key for each in listing if each.written >= self._since]
        return [record for records in rest.read_all(keys, self._in_part) for record in records]

    def chunks(self, parts: Iterable[InFile]) -> list[InChunk]:
        """The places in chunks: in those that parts with the event were made of, and in those without any part.

        Where no part has it, all are read. `parts` and `late` were looked for before.
        """
        names = {part.key.rpartition("/")[2] for part in parts}
        prefix = self._event.chunk_prefix
        # Firehose files a chunk under the hour in which its oldest record arrived.
        first = f"{prefix}{self._since - HOUR:%Y/%m/%d/%H}/"
        listing = [each for each in self._objects(prefix, first) if each.written >= self._since]
        chosen = [
            each
            for each in listing
            if not names or (name := part_name(each.key)) in names or name not in self._part_names
        ]
        self._say(f"{len(chosen):,} of {len(listing):,} chunks")
        heads, marked = heads_of(self._event), self._id.encode()

        def read(listed: Listed) -> list[InChunk]:
            data = self._body(listed.key)
            if marked not in data:
                return []
            there = [(frame.offset, heads.read(frame)) for frame in frames(data)]
            places = [(offset, head.time_us) for offset, head in there if head and head.event_id == self._id]
            done = bool(places) and self._is_done(listed.key)
            return [InChunk(listed.key, offset, listed.written, done, time_us) for offset, time_us in places]

        return [place for places in rest.read_all(chosen, read) for place in places]

    def quarantine(self, origins: frozenset[tuple[str, str]]) -> list[InQuarantine]:
        """The records that were set aside: of this id, with its bytes in them, or that came from one of `origins`.

        An origin is the name of a stream and a sequence number.
        """
        first, marked = f"{self._since.date()}", self._id.encode()
        files = [
            file
            for file in quarantine.files(self._s3, self._site.data_bucket, self._event.name)
            if file.key.split("/")[3].removeprefix("date=") >= first
        ]
        self._say(f"{len(files):,} files in quarantine")

        def read(file: quarantine.QuarantineFile) -> list[InQuarantine]:
            records = [
                record
                for record in quarantine.records(self._s3, self._site.data_bucket, file)
                if record.event_id == self._id
                or (record.source.rpartition("/")[2], record.position) in origins
                or (not record.event_id and marked in record.payload)
            ]
            redriven = bool(records) and quarantine.is_redriven(self._s3, self._site.data_bucket, file)
            return [_set_aside(record, is_redriven=redriven) for record in records]

        return [record for records in rest.read_all(files, read) for record in records]

    def _in_part(self, key: str) -> list[InFile]:
        """The records of a part, which says in its header which ids it has."""
        data = self._body(key)
        index = ids_of_part(data)
        if index is not None and self._number_in(index) is None:
            return []
        return self._records(key, data)

    def _records(self, key: str, data: bytes | None = None) -> list[InFile]:
        """The event's records in a file of events; none where that is gone, or cannot be read."""
        try:
            written = self._s3.head_object(Bucket=self._site.data_bucket, Key=key)["LastModified"]
            file = rest.RestFile(rest.RestKey.parse(key), self._body(key) if data is None else data)
            return [
                InFile(
                    key=key,
                    partition=key.partition("/")[2].rpartition("/")[0],
                    record=number,
                    written=written,
                    time_us=int(str(record[EVENT_TIME])),
                    content=canonical(record),
                    enriched_as_of=as_of(record),
                )
                for number, record in enumerate(file.records())
                if record[EVENT_ID] == self._id
            ]
        except rest.UnreadableFileError as error:
            self._say(f"cannot be read: {error}")
        except self._s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
                raise
        return []

    def _number_in(self, digests: bytes) -> int | None:
        """The place of the event's id among digests, back to back; None where it is not there."""
        at = digests.find(self._digest)
        while at % DIGEST_BYTES and at != -1:
            at = digests.find(self._digest, at + 1)
        return None if at == -1 else at // DIGEST_BYTES

    def _listing(self, layer: str, names: set[str] | None = None) -> Iterator[Listed]:
        """The objects of a layer in the event's hash bucket; the `names` of all, of every bucket, are kept."""
        for listed in self._objects(layout.type_prefix(layer, self._event.name)):
            if names is not None:
                names.add(listed.key.rpartition("/")[2])
            if self._folder in listed.key:
                yield listed

    def _objects(self, prefix: str, after: str = "") -> Iterator[Listed]:
        where: dict[str, Any] = {"Bucket": self._site.data_bucket, "Prefix": prefix}
        where |= {"StartAfter": after} if after else {}
        for page in self._s3.get_paginator("list_objects_v2").paginate(**where):
            yield from (Listed(entry["Key"], entry["LastModified"]) for entry in page.get("Contents", []))

    def _body(self, key: str) -> bytes:
        body: bytes = self._s3.get_object(Bucket=self._site.data_bucket, Key=key)["Body"].read()
        return body

    def _is_done(self, chunk: str) -> bool:
        tags = self._s3.get_object_tagging(Bucket=self._site.data_bucket, Key=chunk)["TagSet"]
        return any(tag["Key"] == DONE_TAG for tag in tags)


def as_of(record: Mapping[str, Any]) -> int | None:
    """Since when the reference data were in effect that a record has been enriched with; None where it says nothing."""
    time = record.get(ENRICHED_AS_OF)
    if isinstance(time, datetime):
        return (time - EPOCH) // MICROSECOND
    return time if isinstance(time, int) else None


def part_name(chunk: str) -> str:
    """The name of the parts that a chunk gives, in whatever partition."""
    return f"{sha256(chunk.encode()).hexdigest()[:32]}.avro"


def ids_of_part(data: bytes) -> bytes | None:
    """The digests of the ids in a part, back to back; None for one whose header has none."""
    import fastavro

    try:
        header: Any = fastavro.schemaless_reader(BytesIO(data), rest.HEADER, None)
        index = b64decode(header["meta"][INDEX])
    except Exception:
        return None
    count = len(index) // (LENGTH_BYTES + DIGEST_BYTES)
    return index[count * LENGTH_BYTES :]


def _set_aside(record: quarantine.SetAside, *, is_redriven: bool) -> InQuarantine:
    return InQuarantine(
        key=record.key,
        reason=record.reason,
        message=record.message,
        stage=str(record.stage),
        source=record.source,
        position=record.position,
        arrived=record.arrived,
        is_redriven=is_redriven,
    )


def reach(indexed: Iterable[Indexed], hours: int) -> Mapping[str, frozenset[str]]:
    """Of each partition with the event, the paths of those of its hash bucket that its look-back reaches."""
    return {
        index.partition: frozenset(
            Partition.from_path(index.partition).earlier(back).path for back in range(1, hours + 1)
        )
        for index in indexed
    }
