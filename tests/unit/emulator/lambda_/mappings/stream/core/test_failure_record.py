"""The documents for on-failure destinations, in the shape that AWS documents."""

import json

from wavetank.emulator.lambda_.mappings.stream.core.event import Record
from wavetank.emulator.lambda_.mappings.stream.core.failure_record import Origin, invocation_record, s3_key, s3_record
from wavetank.emulator.lambda_.mappings.stream.core.response import Reply
from wavetank.emulator.lambda_.mappings.stream.core.retry import Condition, Discard

ORIGIN = Origin(
    "arn:aws:lambda:us-east-2:123456789012:function:myfunction",
    "arn:aws:kinesis:us-east-2:123456789012:stream/mystream",
    "shardId-000000000001",
)
FIRST, LAST = Record("4960", 1573691884.835, '{"n":1}'), Record("4961", 1573691885.58, '{"n":2}')
NOW = 1573691886.021
REPLY = Reply("c9b8fa9f", 200, "$LATEST", "Unhandled")
EXHAUSTED = Discard((FIRST, LAST), Condition.RETRIES, 3, REPLY)
TOO_OLD = Discard((FIRST,), Condition.AGE, 1, None)

DOCUMENTED = {
    "requestContext": {
        "requestId": "c9b8fa9f",
        "functionArn": ORIGIN.function_arn,
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 3,
    },
    "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
    "version": "1.0",
    "timestamp": "2019-11-14T00:38:06.021Z",
    "KinesisBatchInfo": {
        "shardId": "shardId-000000000001",
        "startSequenceNumber": "4960",
        "endSequenceNumber": "4961",
        "approximateArrivalOfFirstRecord": "2019-11-14T00:38:04.835Z",
        "approximateArrivalOfLastRecord": "2019-11-14T00:38:05.580Z",
        "batchSize": 2,
        "streamArn": ORIGIN.stream_arn,
    },
}


def test_the_record_for_queues_and_topics_is_the_documented_one() -> None:
    record = invocation_record(EXHAUSTED, ORIGIN, "unused", NOW)
    assert record == DOCUMENTED
    assert list(record) == list(DOCUMENTED)


def test_a_partial_failure_has_no_function_error() -> None:
    partial = Discard((FIRST,), Condition.RETRIES, 1, Reply("r"))
    record = invocation_record(partial, ORIGIN, "unused", NOW)
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": None}


def test_records_that_were_too_old_have_no_response() -> None:
    record = invocation_record(TOO_OLD, ORIGIN, "made-up", NOW)
    assert "responseContext" not in record
    assert record["requestContext"] == {
        "requestId": "made-up",
        "functionArn": ORIGIN.function_arn,
        "condition": "RecordAgeExceeded",
        "approximateInvokeCount": 1,
    }


def test_the_record_for_a_bucket_carries_the_event_as_text() -> None:
    record = s3_record(EXHAUSTED, ORIGIN, "unused", NOW)
    payload = record.pop("payload")
    assert isinstance(payload, str)
    assert json.loads(payload) == {"Records": [{"n": 1}, {"n": 2}]}
    assert record == DOCUMENTED


def test_the_key_in_the_bucket_has_the_documented_layout() -> None:
    assert s3_key("esm-1", "shardId-000000000001", NOW, "random") == (
        "aws/lambda/esm-1/shardId-000000000001/2019/11/14/2019-11-14T00.38.06-random"
    )
