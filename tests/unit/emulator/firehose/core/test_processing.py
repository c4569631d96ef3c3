"""Records are split, and pass through the function."""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from wavetank.emulator.firehose.core.buffer import Entry, Origin
from wavetank.emulator.firehose.core.keys import ErrorOutput
from wavetank.emulator.firehose.core.processing import Failure, InvocationError, Processed, process
from wavetank.emulator.firehose.core.settings import Processing, SubRecords, Transformation

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
LAMBDA = Processing(transformation=Transformation(ARN, retries=2, batch_bytes=10))
NOW = 2_000.0
FROM_STREAM = Entry(b"sample raw data", 1594265943.615, Origin("shardId-000000000000", "4711", "key", 2))

Records = Sequence[dict[str, Any]]


def entries(*data: bytes) -> list[Entry]:
    return [Entry(item, 1_000.0) for item in data]


def data_of(processed: Processed) -> list[bytes]:
    return [part.data for part in processed.parts]


def no_function(_arn: str, _records: Records) -> dict[str, Any]:
    raise AssertionError("nothing is to be invoked")


def answering(result: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Any:
    """A function that answers record by record; None leaves the record out."""

    def invoke(_arn: str, records: Records) -> dict[str, Any]:
        answers = [(record, result(record)) for record in records]
        return {"records": [{"recordId": r["recordId"], **answer} for r, answer in answers if answer is not None]}

    return invoke


def upper(record: dict[str, Any]) -> dict[str, Any]:
    data = base64.b64decode(record["data"]).upper()
    return {"result": "Ok", "data": base64.b64encode(data).decode()}


def test_without_processing_records_stay_as_they_are() -> None:
    processed = process(entries(b"a\x00", b"", b"\xffb\n"), Processing(), no_function, lambda: NOW)
    assert data_of(processed) == [b"a\x00", b"", b"\xffb\n"]
    assert processed.failures == ()


@pytest.mark.parametrize(
    ("processing", "data"),
    [
        (Processing(SubRecords.JSON), b'{"a": 1} [2]\n{"b":"\xc3\xa9"} '),
        (Processing(SubRecords.DELIMITED, b"#"), b'{"a": 1}#[2]##{"b":"\xc3\xa9"}#'),
    ],
)
def test_several_documents_in_one_record_are_taken_apart(processing: Processing, data: bytes) -> None:
    processed = process(entries(data), processing, no_function, lambda: NOW)
    assert data_of(processed) == [b'{"a": 1}', b"[2]", b'{"b":"\xc3\xa9"}']


@pytest.mark.parametrize("data", [b"{not json", b"\xff\xfe", b'{"a":1}{'])
def test_what_is_no_sequence_of_json_stays_whole(data: bytes) -> None:
    assert data_of(process(entries(data), Processing(SubRecords.JSON), no_function, lambda: NOW)) == [data]


def test_records_pass_through_the_function_in_order_and_in_batches() -> None:
    sizes = []

    def invoke(arn: str, records: Records) -> dict[str, Any]:
        assert arn == ARN
        sizes.append(len(records))
        answer: dict[str, Any] = answering(upper)(arn, records)
        return {"records": answer["records"][::-1]}

    processed = process(entries(b"aaaa", b"bbbb", b"cccc", b"dddddddddddd"), LAMBDA, invoke, lambda: NOW)
    assert data_of(processed) == [b"AAAA", b"BBBB", b"CCCC", b"DDDDDDDDDDDD"]
    assert sizes == [2, 1, 1]


def test_a_dropped_record_is_neither_delivered_nor_failed() -> None:
    processed = process(entries(b"a"), LAMBDA, answering(lambda _: {"result": "Dropped"}), lambda: NOW)
    assert (processed.parts, processed.failures, len(processed.dropped)) == ((), (), 1)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"result": "ProcessingFailed"}, "Lambda.ProcessingFailedStatus"),
        ({"result": "Ok", "data": "%%%"}, "Lambda.InvalidReturnFormat"),
        (None, "Lambda.MissingRecordId"),
    ],
)
def test_a_record_that_fails_is_set_aside_with_its_bytes_and_the_rest_land(
    answer: dict[str, Any] | None, code: str
) -> None:
    bad = base64.b64encode(b"bad").decode()
    invoke = answering(lambda record: answer if record["data"] == bad else upper(record))
    processed = process(entries(b"one", b"bad", b"two"), LAMBDA, invoke, lambda: NOW)
    assert data_of(processed) == [b"ONE", b"TWO"]
    (line,) = [json.loads(failure.line()) for failure in processed.failures]
    assert base64.b64decode(line["rawData"]) == b"bad"
    assert line["errorCode"] == code
    assert line["attemptsMade"] == 1
    assert line["arrivalTimestamp"] == 1_000_000
    assert line["attemptEndingTimestamp"] == 2_000_000
    assert line["lambdaArn"] == ARN


def test_one_record_answered_twice_has_failed() -> None:
    def invoke(arn: str, records: Records) -> dict[str, Any]:
        answer: dict[str, Any] = answering(upper)(arn, records)
        return {"records": answer["records"] * 2}

    (failure,) = process(entries(b"a"), LAMBDA, invoke, lambda: NOW).failures
    assert failure.code == "Lambda.DuplicatedRecordId"


def test_a_function_that_fails_is_tried_again_as_often_as_configured() -> None:
    attempts = []

    def invoke(arn: str, records: Records) -> dict[str, Any]:
        attempts.append(arn)
        if len(attempts) <= 2:
            raise InvocationError("Lambda.FunctionError", "boom")
        answer: dict[str, Any] = answering(upper)(arn, records)
        return answer

    assert data_of(process(entries(b"a"), LAMBDA, invoke, lambda: NOW)) == [b"A"]


def test_when_every_attempt_fails_the_whole_batch_is_set_aside() -> None:
    def invoke(_arn: str, _records: Records) -> dict[str, Any]:
        raise InvocationError("Lambda.FunctionError", "boom")

    processed = process(entries(b"a", b"b"), LAMBDA, invoke, lambda: NOW)
    assert processed.parts == ()
    assert [failure.attempts for failure in processed.failures] == [3, 3]


def test_the_function_sees_where_a_record_came_from() -> None:
    seen: list[dict[str, Any]] = []

    def invoke(arn: str, records: Records) -> dict[str, Any]:
        seen.extend(records)
        answer: dict[str, Any] = answering(upper)(arn, records)
        return answer

    origin = Origin("shardId-000000000001", "4711", "key", 2)
    process([Entry(b"a", 1.5, origin), Entry(b"b", 1.5)], LAMBDA, invoke, lambda: NOW)
    assert seen[0]["kinesisRecordMetadata"] == {
        "shardId": "shardId-000000000001",
        "partitionKey": "key",
        "approximateArrivalTimestamp": "1970-01-01T00:00:01.500Z",
        "sequenceNumber": "4711",
        "subsequenceNumber": "2",
    }
    assert seen[0]["approximateArrivalTimestamp"] == 1500
    assert "kinesisRecordMetadata" not in seen[1]
    assert seen[0]["recordId"] != seen[1]["recordId"]


def test_a_record_that_could_not_be_transformed_is_told_with_its_function() -> None:
    failure = Failure(FROM_STREAM, "Lambda.FunctionError", "no", 4, 1594266081.318, function_arn="arn")
    assert json.loads(failure.line()) == {
        "attemptsMade": 4,
        "arrivalTimestamp": 1594265943615,
        "errorCode": "Lambda.FunctionError",
        "errorMessage": "no",
        "attemptEndingTimestamp": 1594266081318,
        "rawData": "c2FtcGxlIHJhdyBkYXRh",
        "lambdaArn": "arn",
    }
    assert failure.line().endswith(b"}\n")


def test_a_record_that_an_endpoint_did_not_take_is_told_with_its_sequence_and_as_it_was_sent() -> None:
    failed = ErrorOutput.HTTP_ENDPOINT_FAILED
    failure = Failure(FROM_STREAM, "HttpEndpoint.DestinationException", "no", 5, 1594266081.318, failed, data=b"sent")
    line = json.loads(failure.line())
    assert (line["subsequenceNumber"], line["dataId"], line["rawData"]) == (2, "4711.2", "c2VudA==")
    assert "lambdaArn" not in line
