"""What happens to the records of a chunk before they become an object: split, transform, delimit.

Sources: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html,
data-transformation-failure-handling.html and dynamic-partitioning-multirecord-deaggergation.html of the same guide.
"""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from emulator.firehose.buffer import Entry
from emulator.firehose.settings import Processing, SubRecords, Transformation

OK, DROPPED = "Ok", "Dropped"


class InvocationError(Exception):
    """The function did not answer with a result; `code` is Lambda's or Firehose's name for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


Invoke = Callable[[str, Sequence[dict[str, Any]]], dict[str, Any]]
"""Calls a function (its ARN) with records and returns its answer; raises InvocationError."""


@dataclass(frozen=True)
class Processed:
    """The bytes to deliver, and a line of JSON for every record that could not be processed."""

    data: bytes
    failures: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Failure:
    """Why a record could not be processed, as the error output tells it."""

    code: str
    message: str
    function_arn: str = ""

    def line(self, entry: Entry, attempts: int, now: float) -> bytes:
        """The record's line in the error output; `now` is when the last attempt ended."""
        told = {
            "attemptsMade": attempts,
            "arrivalTimestamp": int(entry.arrival * 1000),
            "errorCode": self.code,
            "errorMessage": self.message,
            "attemptEndingTimestamp": int(now * 1000),
            "rawData": base64.b64encode(entry.data).decode(),
            "lambdaArn": self.function_arn,
        }
        return json.dumps(told).encode() + b"\n"


def process(entries: Iterable[Entry], processing: Processing, invoke: Invoke, now: Callable[[], float]) -> Processed:
    """Everything that `processing` asks for; without it the records' bytes back to back, nothing added."""
    parts = [part for entry in entries for part in _split(entry, processing)]
    failures: list[bytes] = []
    if processing.transformation is not None:
        transformer = _Transformer(processing.transformation, invoke, now, failures)
        done = [data for batch in _batches(parts, processing.transformation) for data in transformer(batch)]
    else:
        done = [part.data for part in parts]
    return Processed(b"".join(data + processing.append for data in done), tuple(failures))


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
        pieces, at = [], len(text) - len(text.lstrip())
        while at < len(text):
            _, end = decoder.raw_decode(text, at)
            pieces.append(text[at:end].encode())
            at = end + len(text[end:]) - len(text[end:].lstrip())
    except ValueError:
        pieces = [data]
    yield from pieces


def _batches(parts: Sequence[Entry], transformation: Transformation) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    size = 0
    for part in parts:
        if batch and size + len(part.data) > transformation.batch_bytes:
            yield batch
            batch, size = [], 0
        batch.append(part)
        size += len(part.data)
    if batch:
        yield batch


@dataclass
class _Transformer:
    """Passes batches through the function; what fails is written to `failures`."""

    transformation: Transformation
    invoke: Invoke
    now: Callable[[], float]
    failures: list[bytes]

    def __call__(self, batch: Sequence[Entry]) -> Iterator[bytes]:
        records = [_record(number, entry) for number, entry in enumerate(batch)]
        attempts = 0
        while True:
            attempts += 1
            try:
                answer = self.invoke(self.transformation.function_arn, records)
            except InvocationError as error:
                if attempts <= self.transformation.retries:
                    continue
                for entry in batch:
                    self._fail(entry, attempts, error.code, str(error))
                return
            yield from self._results(batch, records, answer, attempts)
            return

    def _results(
        self, batch: Sequence[Entry], records: Sequence[dict[str, Any]], answer: dict[str, Any], attempts: int
    ) -> Iterator[bytes]:
        results: dict[str, list[dict[str, Any]]] = {}
        for result in answer.get("records") or []:
            results.setdefault(str(result.get("recordId")), []).append(result)
        for entry, record in zip(batch, records, strict=True):
            try:
                data = _outcome(results.get(record["recordId"], []))
            except InvocationError as error:
                self._fail(entry, attempts, error.code, str(error))
                continue
            if data is not None:
                yield data

    def _fail(self, entry: Entry, attempts: int, code: str, text: str) -> None:
        failure = Failure(code, text, self.transformation.function_arn)
        self.failures.append(failure.line(entry, attempts, self.now()))


def _outcome(results: Sequence[dict[str, Any]]) -> bytes | None:
    """The transformed bytes, None for a record dropped on purpose; raises InvocationError for the rest."""
    if not results:
        raise InvocationError(
            "Lambda.MissingRecordId",
            "One or more record Ids were not returned. "
            "Ensure that the Lambda function returns all received record Ids.",
        )
    if len(results) > 1:
        raise InvocationError(
            "Lambda.DuplicatedRecordId",
            "Multiple records were returned with the same record ID. Ensure that the Lambda function returns unique "
            "record IDs for each record.",
        )
    result = results[0]
    if result.get("result") == DROPPED:
        return None
    if result.get("result") != OK:
        raise InvocationError(
            "Lambda.FunctionError",
            "The Lambda function was successfully invoked but it returned an error result.",
        )
    try:
        return base64.b64decode(result.get("data") or "", validate=True)
    except (ValueError, TypeError) as error:
        raise InvocationError(
            "Lambda.JsonProcessingException",
            "There was an error parsing the data returned by the Lambda function: it is not base64.",
        ) from error


def _record(number: int, entry: Entry) -> dict[str, Any]:
    record: dict[str, Any] = {
        "recordId": f"{_record_base(entry)}{number:06d}",
        "approximateArrivalTimestamp": int(entry.arrival * 1000),
        "data": base64.b64encode(entry.data).decode(),
    }
    if entry.origin is not None:
        arrived = datetime.fromtimestamp(entry.arrival, UTC).isoformat(timespec="milliseconds")
        record["kinesisRecordMetadata"] = {
            "shardId": entry.origin.shard,
            "partitionKey": entry.origin.partition_key,
            "approximateArrivalTimestamp": arrived.replace("+00:00", "Z"),
            "sequenceNumber": entry.origin.sequence,
            "subsequenceNumber": str(entry.origin.subsequence) if entry.origin.subsequence else "",
        }
    return record


def _record_base(entry: Entry) -> str:
    return entry.origin.sequence if entry.origin is not None else f"{int(entry.arrival * 1000):050d}"
