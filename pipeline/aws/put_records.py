"""Puts records on a stream until every one is acknowledged, or says that it could not.

PutRecords: at most 500 records and 5 MiB a call, partition keys counted; it may refuse some records of a call
and take the others (Kinesis API reference, "PutRecords").
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wavetank.pipeline.errors import ServiceFault

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

MAX_RECORDS = 500
MAX_BYTES = 5 * 1024 * 1024
ATTEMPTS = 5
FIRST_PAUSE_S = 0.1
MAX_KEY_CHARACTERS = 256


@dataclass(frozen=True, slots=True)
class Entry:
    """A record to put, and the key that chooses its shard."""

    key: str
    data: bytes

    @property
    def partition_key(self) -> str:
        """The key as Kinesis takes it: at most 256 characters."""
        return self.key[:MAX_KEY_CHARACTERS]

    @property
    def size(self) -> int:
        """The bytes that Kinesis counts of it, for a record and for a call: data and partition key."""
        return len(self.data) + len(self.partition_key.encode())


def publish(kinesis: "KinesisClient", stream: str, entries: Sequence[Entry], at_once: int = MAX_RECORDS) -> None:
    """Put all `entries`, at most `at_once` a call.

    Returns when each is acknowledged, raises ServiceFault when some kept being refused.
    """
    for batch in batches(entries, at_once):
        _put(kinesis, stream, batch)


def batches(entries: Sequence[Entry], at_once: int = MAX_RECORDS) -> Iterator[list[Entry]]:
    """`entries` in order, cut so that each batch fits a PutRecords call and has no more than `at_once`."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        if batch and (len(batch) == at_once or size + entry.size > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += entry.size
    if batch:
        yield batch


def _put(kinesis: "KinesisClient", stream: str, batch: list[Entry]) -> None:
    """Put one batch; the refused records of it again, after a pause that doubles."""
    entries = batch
    for attempt in range(ATTEMPTS):
        records: list[PutRecordsRequestEntryTypeDef] = [
            {"Data": entry.data, "PartitionKey": entry.partition_key} for entry in entries
        ]
        answers = kinesis.put_records(StreamName=stream, Records=records)["Records"]
        refused = [pair for pair in zip(entries, answers, strict=True) if pair[1].get("ErrorCode")]
        if not refused:
            return
        entries = [entry for entry, _ in refused]
        if attempt < ATTEMPTS - 1:
            time.sleep(FIRST_PAUSE_S * 2**attempt)
    reasons = ", ".join(sorted({str(answer.get("ErrorCode")) for _, answer in refused}))
    raise ServiceFault(f"{stream} refused {len(entries)} of {len(batch)} records {ATTEMPTS} times: {reasons}")
