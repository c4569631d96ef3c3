"""The processing of the records of a chunk before they are delivered: they are split and transformed.

Every record ends in exactly one place: among the parts to deliver, dropped on purpose, or among the failures, which the
error output of the delivery stream tells of.
Sources: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html,
data-transformation-failure-handling.html, dynamic-partitioning-multirecord-deaggergation.html and retry.html (HTTP
endpoint destination) of the same guide.
Codes and texts of failures are AWS's own, as far as they are known.
"""

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from wavetank.emulator.firehose.core.buffer import Entry
from wavetank.emulator.firehose.core.keys import ErrorOutput
from wavetank.emulator.firehose.core.settings import Processing, SubRecords, Transformation

OK, DROPPED, FAILED = "Ok", "Dropped", "ProcessingFailed"
EVENT_BYTES = 5_500_000
"""The most bytes of an event, below the 6 MiB that Lambda takes as the payload of a synchronous invocation."""
RECORD_BYTES = 600
"""An upper bound of the bytes that stand around the data of a record in an event."""


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
class Failure:
    """A record that goes to the error prefix, why, after how many attempts, and when the last of them ended.

    `data` holds the bytes to deliver, where the record got so far; otherwise its line has the record as it came in.
    """

    entry: Entry
    code: str
    message: str
    attempts: int
    ended_at: float
    output: ErrorOutput = ErrorOutput.PROCESSING_FAILED
    function_arn: str = ""
    data: bytes | None = None

    def line(self) -> bytes:
        """The record's line in the object of failed records: JSON and a newline."""
        line: dict[str, Any] = {
            "attemptsMade": self.attempts,
            "arrivalTimestamp": int(self.entry.arrival * 1000),
            "errorCode": self.code,
            "errorMessage": self.message,
            "attemptEndingTimestamp": int(self.ended_at * 1000),
            "rawData": base64.b64encode(self.entry.data if self.data is None else self.data).decode(),
        }
        if self.function_arn:
            line["lambdaArn"] = self.function_arn
        if self.output is ErrorOutput.HTTP_ENDPOINT_FAILED:
            origin = self.entry.origin
            line["subsequenceNumber"] = origin.subsequence if origin is not None else 0
            line["dataId"] = f"{origin.sequence}.{origin.subsequence}" if origin is not None else ""
        return json.dumps(line).encode() + b"\n"


@dataclass(frozen=True)
class Processed:
    """The records of a chunk, sorted by where they go; `dropped` are those that the function dropped on purpose."""

    parts: tuple[Part, ...]
    dropped: tuple[Entry, ...] = ()
    failures: tuple[Failure, ...] = ()


def process(entries: Iterable[Entry], processing: Processing, invoke: Invoke, now: Callable[[], float]) -> Processed:
    """The records, split and transformed as `processing` asks for; without it as they came in."""
    match processing.split:
        case None:
            whole = list(entries)
        case SubRecords.DELIMITED:
            pieces = ((entry, piece) for entry in entries for piece in entry.data.split(processing.split_delimiter))
            whole = [replace(entry, data=piece) for entry, piece in pieces if piece]
        case SubRecords.JSON:
            whole = [replace(entry, data=piece) for entry in entries for piece in _json_documents(entry.data)]
    if processing.transformation is None:
        return Processed(tuple(Part(entry, entry.data) for entry in whole))
    return _Transformer(processing.transformation, invoke, now).transform(whole)


def _json_documents(data: bytes) -> list[bytes]:
    """The JSON documents that stand one after the other in `data`; all of it where it is not such a sequence."""
    decoder = json.JSONDecoder()
    try:
        text = data.decode()
        documents, at = [], _next_document(text, 0)
        while at < len(text):
            _, end = decoder.raw_decode(text, at)
            documents.append(text[at:end].encode())
            at = _next_document(text, end)
    except (ValueError, RecursionError):
        return [data]
    return documents


def _next_document(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


class _Transformer:
    """The transformation of records: they pass through the function in batches and are sorted by its answers."""

    def __init__(self, transformation: Transformation, invoke: Invoke, now: Callable[[], float]) -> None:
        self._transformation = transformation
        self._invoke = invoke
        self._now = now
        self._parts: list[Part] = []
        self._dropped: list[Entry] = []
        self._failures: list[Failure] = []

    def transform(self, entries: Sequence[Entry]) -> Processed:
        batch: list[Entry] = []
        size = event_size = 0
        for entry in entries:
            encoded = len(entry.data) * 4 // 3 + RECORD_BYTES
            is_full = size + len(entry.data) > self._transformation.batch_bytes or event_size + encoded > EVENT_BYTES
            if batch and is_full:
                self._pass(batch)
                batch, size, event_size = [], 0, 0
            batch.append(entry)
            size += len(entry.data)
            event_size += encoded
        if batch:
            self._pass(batch)
        return Processed(tuple(self._parts), tuple(self._dropped), tuple(self._failures))

    def _pass(self, batch: Sequence[Entry]) -> None:
        """Pass a batch through the function, with as many invocations as are configured, until one answers."""
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
        listed = answer.get("records") if isinstance(answer, Mapping) else None
        results: dict[str, list[Mapping[str, Any]]] = {}
        for result in listed if isinstance(listed, list) else []:
            if isinstance(result, Mapping) and isinstance(result.get("recordId"), str):
                results.setdefault(result["recordId"], []).append(result)
        for entry, record in zip(batch, records, strict=True):
            own = results.get(record["recordId"], [])
            try:
                if not own:
                    raise _BadResultError(
                        "Lambda.MissingRecordId",
                        "One or more record Ids were not returned. "
                        "Ensure that the Lambda function returns all received record Ids.",
                    )
                if len(own) > 1:
                    raise _BadResultError(
                        "Lambda.DuplicatedRecordId",
                        "Multiple records were returned with the same record Id. "
                        "Ensure that the Lambda function returns a unique record Id for each record.",
                    )
                result = own[0]
                if result.get("result") == DROPPED:
                    self._dropped.append(entry)
                    continue
                data = _data(result, lenient=self._transformation.lenient)
            except _BadResultError as error:
                self._fail(entry, error.code, str(error), attempts)
                continue
            metadata = result.get("metadata")
            keys = metadata.get("partitionKeys") if isinstance(metadata, Mapping) else None
            self._parts.append(Part(entry, data, keys if isinstance(keys, Mapping) else {}))

    def _fail(self, entry: Entry, code: str, message: str, attempts: int) -> None:
        arn = self._transformation.function_arn
        self._failures.append(Failure(entry, code, message, attempts=attempts, ended_at=self._now(), function_arn=arn))


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


def _record(number: int, entry: Entry, *, lenient: bool) -> dict[str, Any]:
    origin = entry.origin
    base = origin.sequence if origin is not None else f"{int(entry.arrival * 1000):050d}"
    record: dict[str, Any] = {
        "recordId": f"{base}{number:06d}",
        "approximateArrivalTimestamp": int(entry.arrival * 1000),
        "data": base64.b64encode(entry.data).decode(),
    }
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
