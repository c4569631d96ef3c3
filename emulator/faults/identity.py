"""Names of events and messages that are the same in every run, whatever ids and times they carry."""

import hashlib
import json
import re
from urllib.parse import unquote_plus

from wavetank.emulator.runtime.json_text import parsed

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_RANDOM = re.compile(
    r"(?:\d{4}/\d{2}/\d{2}/\d{2}/)?"  # the hour folders of a chunk
    r"(?P<stream>[\w.-]+)-\d+-\d{4}(?:-\d{2}){5}-" + _UUID + r"(?:\.[\w.]+)?"  # a chunk of Firehose
    r"|" + _UUID + r"|\b[0-9a-f]{32,64}\b"  # ids, and digests of what holds one
)
"""The parts of names that differ from run to run."""


_VARYING = re.compile(_UUID + r"|\b[0-9a-f]{32,64}\b|\d+")
_BETWEEN = re.compile(r"\*(?:[^A-Za-z*]*\*)+")
"""Two or more varying parts with nothing but punctuation and digits between them."""


def steady(text: str) -> str:
    """The text with the parts that differ from run to run as `*`: ids, digests, the times and suffixes of chunks."""
    return _RANDOM.sub(lambda match: f"{match['stream']}-*" if match["stream"] else "*", text)


def pattern_of(name: str) -> str:
    """A shell pattern that fits a key or prefix in every run: ids, digests, numbers and times are `*`."""
    return _BETWEEN.sub("*", _VARYING.sub("*", name))


def content_identity(data: bytes) -> str:
    """A short name of bytes."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()[:12]


def subject_of(payload: str | bytes) -> str:
    """`bucket/key` of an S3 event (also in an SNS envelope), `rule@time` of a scheduled event, else an MD5."""
    try:
        event = parsed(payload)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        return _digest(payload)
    records = event.get("Records")
    if isinstance(records, list) and records:
        return ",".join(_subject_of_record(record) for record in records)
    if event.get("detail-type") == "Scheduled Event":
        return f"{','.join(map(str, event.get('resources') or []))}@{event.get('time')}"
    return _digest(payload)


def _subject_of_record(record: object) -> str:
    if not isinstance(record, dict):
        return _digest(json.dumps(record))
    if isinstance(record.get("Sns"), dict):
        return subject_of(str(record["Sns"].get("Message", "")))
    if isinstance(entry := record.get("s3"), dict):
        bucket, written = entry.get("bucket"), entry.get("object")
        if isinstance(bucket, dict) and isinstance(written, dict):
            return f"{bucket.get('name', '')}/{unquote_plus(str(written.get('key', '')))}"
        return _digest(json.dumps(entry, sort_keys=True))
    if isinstance(record.get("kinesis"), dict):
        return _digest(f"{record['kinesis'].get('partitionKey')}/{record['kinesis'].get('data')}")
    return _digest(json.dumps(record, sort_keys=True))


def _digest(payload: str | bytes) -> str:
    data = payload.encode() if isinstance(payload, str) else payload
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
