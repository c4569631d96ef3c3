"""Reads the data at rest: files of the data of record (Avro), its Parquet twin, and part files.

Keys: `<layer>/event=<type>/date=YYYY-MM-DD/hour=HH/bucket=BB/<name>`, the layers being `parts`, `late`, `avro` and
`parquet`. Records come back in the words of the oracle (`scenarios.oracle.avro`): a timestamp is whole microseconds
since the epoch, UTC, a decimal its digits.
"""

import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from io import BytesIO
from typing import TYPE_CHECKING, Any

from wavetank.scenarios.oracle.avro import type_of, words
from wavetank.scenarios.oracle.history import Value

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_KEY = re.compile(
    r"(?P<layer>parts|late|avro|parquet)/event=(?P<event>[^/]+)/date=(?P<date>\d{4}-\d{2}-\d{2})"
    r"/hour=(?P<hour>\d{2})/bucket=(?P<bucket>\d{2})/(?P<name>[^/]+)"
)
_READERS = 8
HEADER: Any = {
    "type": "record",
    "name": "Header",
    "fields": [
        {"name": "magic", "type": {"type": "fixed", "name": "Magic", "size": 4}},
        {"name": "meta", "type": {"type": "map", "values": "bytes"}},
        {"name": "sync", "type": {"type": "fixed", "name": "Sync", "size": 16}},
    ],
}
_BLOCK: Any = {
    "type": "record",
    "name": "Block",
    "fields": [
        {"name": "count", "type": "long"},
        {"name": "data", "type": "bytes"},
        {"name": "sync", "type": {"type": "fixed", "name": "Sync", "size": 16}},
    ],
}
"""Avro specification, "Object Container Files"."""


class Layer(StrEnum):
    """A stage whose files hold events; the value is its folder in the data bucket."""

    PARTS = "parts"
    LATE = "late"
    AVRO = "avro"
    PARQUET = "parquet"


DATA_OF_RECORD = (Layer.AVRO, Layer.PARQUET)


class UnreadableFileError(Exception):
    """An object at rest is not what its key says it is; the message names the key."""


@dataclass(frozen=True, slots=True)
class RestKey:
    """The key of a file at rest, and what it claims: layer, event type and partition."""

    key: str
    layer: Layer
    event_type: str
    date: str
    hour: int
    bucket: int

    @classmethod
    def parse(cls, key: str) -> "RestKey":
        """Raises UnreadableFileError for a key of another form."""
        match = _KEY.fullmatch(key)
        if match is None:
            raise UnreadableFileError(f"{key}: not a key of a file at rest")
        layer, event, date, hour, bucket, _ = match.groups()
        return cls(key, Layer(layer), event, date=date, hour=int(hour), bucket=int(bucket))


@dataclass(frozen=True, slots=True)
class RestFile:
    """A file at rest with its bytes. `digest` is their SHA-256 in hex."""

    at: RestKey
    data: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def records(self) -> list[dict[str, Value]]:
        """Its events, in the order of the file. Raises UnreadableFileError."""
        try:
            if self.at.layer is not Layer.PARQUET:
                return avro_records(self.data)
            import pyarrow as pa
            import pyarrow.parquet as pq

            from wavetank.scenarios.client import columns

            return columns.records(pq.read_table(pa.BufferReader(self.data), partitioning=None))
        except Exception as error:
            raise UnreadableFileError(f"{self.at.key}: {type(error).__name__}: {error}") from error


def keys(s3: "S3Client", bucket: str, prefix: str) -> Iterator[str]:
    """Every key below `prefix`, in the order of the listing."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from (entry["Key"] for entry in page.get("Contents", []))


def md5s(s3: "S3Client", bucket: str, prefix: str = "") -> dict[str, str]:
    """Key → MD5 of every object below `prefix` that was put in one piece: its ETag (Amazon S3 API Reference, Object).

    Of another object it is what tells two versions apart, and no MD5.
    """
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {entry["Key"]: entry["ETag"].strip('"') for page in pages for entry in page.get("Contents", [])}


def files(
    s3: "S3Client", bucket: str, layers: Iterable[Layer] = DATA_OF_RECORD, event_type: str | None = None
) -> Iterator[RestFile]:
    """Every file of `layers`, of one event type or of all, in the order of the keys, read ahead."""
    folders = [f"{layer}/event={event_type}/" if event_type else f"{layer}/" for layer in layers]
    places = (RestKey.parse(key) for folder in folders for key in keys(s3, bucket, folder))
    yield from read_all(places, lambda at: read(s3, bucket, at))


def read(s3: "S3Client", bucket: str, at: RestKey) -> RestFile:
    """The file with that key."""
    return RestFile(at, body(s3, bucket, at.key))


def body(s3: "S3Client", bucket: str, key: str) -> bytes:
    """The bytes of an object."""
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


def chunk_of_part(s3: "S3Client", bucket: str, part: str) -> str | None:
    """The key of the chunk that a part was made of, which the part is named after; None where it is gone."""
    at = RestKey.parse(part)
    name = part.rpartition("/")[2]
    chunks = keys(s3, bucket, f"chunks/{at.event_type}/")
    return next((key for key in chunks if f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.avro" == name), None)


def digests(s3: "S3Client", bucket: str, layers: Iterable[Layer] = DATA_OF_RECORD) -> dict[str, str]:
    """Key → SHA-256 of the bytes, of every file of `layers`."""
    return {file.at.key: file.digest for file in files(s3, bucket, layers)}


def read_all[Name, Read](names: Iterable[Name], read: Callable[[Name], Read]) -> Iterator[Read]:
    """`read` of each name, in order, several at a time."""
    with ThreadPoolExecutor(_READERS, thread_name_prefix="reader") as pool:
        yield from pool.map(read, names)


def avro_records(data: bytes) -> list[dict[str, Any]]:
    """The records of an Avro object container file. Raises ValueError and others for what is none.

    fastavro reads what is on the wire. Of logical types it knows some, and takes a schema for none where one of them is
    not valid, which the specification wants ignored; a default of 1 for a double as well.
    """
    import fastavro

    from wavetank.scenarios.client.wire import without

    source = BytesIO(data)
    header: Any = fastavro.schemaless_reader(source, HEADER, None)
    document = json.loads(header["meta"]["avro.schema"])
    deflated = header["meta"].get("avro.codec", b"null") == b"deflate"
    avro, records = type_of(document), list[dict[str, Any]]()
    physical = fastavro.parse_schema(without(document, "logicalType", "default"))
    while source.tell() < len(data):
        block: Any = fastavro.schemaless_reader(source, _BLOCK, None)
        if block["sync"] != header["sync"]:
            raise ValueError("a block is not followed by the file's marker")
        plain = BytesIO(zlib.decompress(block["data"], -zlib.MAX_WBITS) if deflated else block["data"])
        for _ in range(block["count"]):
            record: Any = words(fastavro.schemaless_reader(plain, physical, None), avro)
            records.append(record)
    return records
