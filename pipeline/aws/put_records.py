"""Puts records on a stream until every one is acknowledged, or says that it could not.

PutRecords: at most 500 records and 5 MiB a call, partition keys counted; it may refuse some records of a call
and take the others (Kinesis API reference, "PutRecords").
"""

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from wavetank.pipeline.errors import ServiceFault
from wavetank.pipeline.records import Entry

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

MAX_RECORDS = 500
MAX_BYTES = 5 * 1024 * 1024
ATTEMPTS = 5
FIRST_PAUSE_S = 0.1


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


def again(entries: Sequence[Entry], refused: Sequence[bool]) -> list[Entry]:
    """The entries to put again: of each key those from the first refused one on."""
    keys: set[str] = set()
    later: list[Entry] = []
    for entry, is_refused in zip(entries, refused, strict=True):
        if is_refused:
            keys.add(entry.partition_key)
        if entry.partition_key in keys:
            later.append(entry)
    return later


def _put(kinesis: "KinesisClient", stream: str, batch: list[Entry]) -> None:
    """Put one batch; what was refused of it again, after a pause that doubles.

    Records that came behind a refused one of their key go again as well, so that the last copies of a key's records are
    in their order: "PutRecords" takes what it can of a call and keeps no order between the records.
    """
    entries = batch
    for attempt in range(ATTEMPTS):
        records: list[PutRecordsRequestEntryTypeDef] = [
            {"Data": entry.data, "PartitionKey": entry.partition_key} for entry in entries
        ]
        answers = kinesis.put_records(StreamName=stream, Records=records)["Records"]
        refused = [pair for pair in zip(entries, answers, strict=True) if pair[1].get("ErrorCode")]
        if not refused:
            return
        entries = again(entries, [bool(answer.get("ErrorCode")) for answer in answers])
        if attempt < ATTEMPTS - 1:
            time.sleep(FIRST_PAUSE_S * 2**attempt)
    reasons = ", ".join(sorted({str(answer.get("ErrorCode")) for _, answer in refused}))
    raise ServiceFault(f"{stream} refused {len(refused)} of {len(batch)} records {ATTEMPTS} times: {reasons}")
