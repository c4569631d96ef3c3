"""What happens to the records of a chunk before they are delivered: they are split and transformed.

Every record ends in exactly one place: among the parts to deliver, dropped on purpose, or among the failures.
Sources: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html,
data-transformation-failure-handling.html and dynamic-partitioning-multirecord-deaggergation.html of the same guide.
Codes and texts of failures are AWS's own, as far as they are known.
"""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from wavetank.emulator.firehose.core.buffer import Entry
from wavetank.emulator.firehose.core.error_output import Failure
from wavetank.emulator.firehose.core.settings import Processing, SubRecords, Transformation

OK, DROPPED, FAILED = "Ok", "Dropped", "ProcessingFailed"
EVENT_BYTES = 5_500_000
"""So large may an event be: less than the 6 MiB that Lambda takes as the payload of a synchronous invocation."""
RECORD_BYTES = 600
"""More than what stands around the data of one record in an event."""


class InvocationError(Exception):
    """The function did not answer with a result; `code` is Lambda's or Firehose's name for why."""

    def __init__(self, code: str, message: str, *, retriable: bool = True) -> None:
        super().__init__(message)
        self.code = code
        self.retriable = retriable


class _BadResultError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


Invoke = Callable[[str, Sequence[dict[str, Any]]], Any]
"""Calls a function (its ARN) with records and returns its answer, any JSON; raises InvocationError."""


@dataclass(frozen=True)
class Part:
    """Bytes to deliver, the record that they were made of, and the partition keys that a function gave them."""

    entry: Entry
    data: bytes
    keys: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Processed:
    """The records of a chunk, sorted by where they go; `dropped` is what the function dropped on purpose."""

    parts: tuple[Part, ...]
    dropped: tuple[Entry, ...] = ()
    failures: tuple[Failure, ...] = ()


def process(entries: Iterable[Entry], processing: Processing, invoke: Invoke, now: Callable[[], float]) -> Processed:
    """The records, split and transformed as `processing` asks for; without it as they came in."""
    whole = [part for entry in entries for part in _split(entry, processing)]
    if processing.transformation is None:
        return Processed(tuple(Part(entry, entry.data) for entry in whole))
    return _Transformer(processing.transformation, invoke, now).transform(whole)


def _split(entry: Entry, processing: Processing) -> Iterator[Entry]:
    if processing.split is None:
        yield entry
    elif processing.split is SubRecords.DELIMITED:
        for piece in entry.data.split(processing.split_delimiter):
            if piece:
                yield replace(entry, data=piece)
    else:
        for piece in _json_documents(entry.data):
            yield replace(entry, data=piece)


def _json_documents(data: bytes) -> Iterator[bytes]:
    """The JSON documents that stand one after the other in `data`; all of it where it is not such a sequence."""
    decoder = json.JSONDecoder()
    try:
        text = data.decode()
        pieces, at = [], _next_document(text, 0)
        while at < len(text):
            _, end = decoder.raw_decode(text, at)
            pieces.append(text[at:end].encode())
            at = _next_document(text, end)
    except (ValueError, RecursionError):
        pieces = [data]
    yield from pieces


def _next_document(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _batches(entries: Sequence[Entry], transformation: Transformation) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    size = event_size = 0
    for entry in entries:
        encoded = len(entry.data) * 4 // 3 + RECORD_BYTES
        if batch and (size + len(entry.data) > transformation.batch_bytes or event_size + encoded > EVENT_BYTES):
            yield batch
            batch, size, event_size = [], 0, 0
        batch.append(entry)
        size += len(entry.data)
        event_size += encoded
    if batch:
        yield batch


class _Transformer:
    """Passes records through the function, batch by batch, and sorts them by what it answers."""

    def __init__(self, transformation: Transformation, invoke: Invoke, now: Callable[[], float]) -> None:
        self._transformation = transformation
        self._invoke = invoke
        self._now = now
        self._parts: list[Part] = []
        self._dropped: list[Entry] = []
        self._failures: list[Failure] = []

    def transform(self, entries: Sequence[Entry]) -> Processed:
        for batch in _batches(entries, self._transformation):
            self._pass(batch)
        return Processed(tuple(self._parts), tuple(self._dropped), tuple(self._failures))

    def _pass(self, batch: Sequence[Entry]) -> None:
        """One batch, with as many invocations as are configured, until one of them answers."""
        records = [_record(number, entry, lenient=self._transformation.lenient) for number, entry in enumerate(batch)]
        attempts = 0
        while True:
            attempts += 1
            try:
                answer = self._invoke(self._transformation.function_arn, records)
            except InvocationError as error:
                if error.retriable and attempts <= self._transformation.retries:
                    continue
                for entry in batch:
                    self._fail(entry, error.code, str(error), attempts)
                return
            self._sort(batch, records, answer, attempts)
            return

    def _sort(self, batch: Sequence[Entry], records: Sequence[dict[str, Any]], answer: Any, attempts: int) -> None:
        results = _results(answer)
        for entry, record in zip(batch, records, strict=True):
            try:
                result = _only(results.get(record["recordId"], []))
                if result.get("result") == DROPPED:
                    self._dropped.append(entry)
                else:
                    data = _data(result, lenient=self._transformation.lenient)
                    self._parts.append(Part(entry, data, _keys(result)))
            except _BadResultError as error:
                self._fail(entry, error.code, str(error), attempts)

    def _fail(self, entry: Entry, code: str, message: str, attempts: int) -> None:
        arn = self._transformation.function_arn
        self._failures.append(Failure(entry, code, message, attempts, self._now(), function_arn=arn))


def _results(answer: Any) -> dict[str, list[Mapping[str, Any]]]:
    """The results of an answer by the id of their record; whatever is none is passed over."""
    listed = answer.get("records") if isinstance(answer, Mapping) else None
    results: dict[str, list[Mapping[str, Any]]] = {}
    for result in listed if isinstance(listed, list) else []:
        if isinstance(result, Mapping) and isinstance(result.get("recordId"), str):
            results.setdefault(result["recordId"], []).append(result)
    return results


def _only(results: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The one result of a record; raises _BadResultError for none and for several."""
    if not results:
        raise _BadResultError(
            "Lambda.MissingRecordId",
            "One or more record Ids were not returned. "
            "Ensure that the Lambda function returns all received record Ids.",
        )
    if len(results) > 1:
        raise _BadResultError(
            "Lambda.DuplicatedRecordId",
            "Multiple records were returned with the same record Id. "
            "Ensure that the Lambda function returns a unique record Id for each record.",
        )
    return results[0]


def _data(result: Mapping[str, Any], *, lenient: bool) -> bytes:
    """The transformed bytes of a result that is not dropped; raises _BadResultError where there are none."""
    status, data = result.get("result"), result.get("data")
    if status == FAILED:
        raise _BadResultError("Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record")
    if status != OK and not (lenient and status is None):
        raise _BadResultError(
            "Lambda.InvalidReturnFormat", f"The result field must be {OK}, {DROPPED} or {FAILED}, not {status!r:.80}."
        )
    if data is None:
        raise _BadResultError(
            "Lambda.InvalidReturnFormat",
            "The data field cannot be null when the SourceType is DirectPut or KinesisStreamAsSource "
            "and processing result is Ok.",
        )
    try:
        return base64.b64decode(data, validate=True)
    except (ValueError, TypeError) as error:
        raise _BadResultError(
            "Lambda.InvalidReturnFormat", "The data field must be a base64-encoded string."
        ) from error


def _keys(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """The partition keys that a function gave; none where they are not the object that AWS documents."""
    metadata = result.get("metadata")
    keys = metadata.get("partitionKeys") if isinstance(metadata, Mapping) else None
    return keys if isinstance(keys, Mapping) else {}


def _record(number: int, entry: Entry, *, lenient: bool) -> dict[str, Any]:
    record: dict[str, Any] = {
        "recordId": f"{_record_base(entry)}{number:06d}",
        "approximateArrivalTimestamp": int(entry.arrival * 1000),
        "data": base64.b64encode(entry.data).decode(),
    }
    origin = entry.origin
    if origin is not None or lenient:
        arrived = datetime.fromtimestamp(entry.arrival, UTC).isoformat(timespec="milliseconds")
        record["kinesisRecordMetadata"] = {
            "shardId": origin.shard if origin is not None else "shardId-000000000000",
            "partitionKey": origin.partition_key if origin is not None else record["recordId"],
            "approximateArrivalTimestamp": arrived.replace("+00:00", "Z"),
            "sequenceNumber": origin.sequence if origin is not None else record["recordId"],
            "subsequenceNumber": str(origin.subsequence) if origin is not None and origin.subsequence else "",
        }
    return record


def _record_base(entry: Entry) -> str:
    return entry.origin.sequence if entry.origin is not None else f"{int(entry.arrival * 1000):050d}"
