"""The event of a message, and which messages come again after an answer."""

import json
from typing import Any

import pytest

from wavetank.emulator.lambda_.mappings.batch_window import event_json
from wavetank.emulator.lambda_.mappings.queue.core.message import Message, failures, from_raw
from wavetank.emulator.lambda_.mappings.stream.core.response import Answer, Reply

ARN = "arn:aws:sqs:eu-west-1:000000000000:merges"
NOW = 1000.5
IDS = ("m1", "m2", "m3")


def made(body: str, **fields: Any) -> Message:
    raw = {
        "MessageId": "id",
        "ReceiptHandle": "handle",
        "Body": body,
        "MD5OfBody": "digest",
        "Attributes": {"SentTimestamp": "1000250"},
    }
    return from_raw(raw | fields, ARN, NOW)


def test_a_message_keeps_its_body_its_times_and_its_attributes() -> None:
    attribute = {"DataType": "Binary", "BinaryValue": b"\x00\x01"}
    message = made("grün", MessageAttributes={"raw": attribute}, MD5OfMessageAttributes="digest of them")
    [record] = json.loads(event_json([message]))["Records"]
    assert (message.body, message.sent, message.received) == ("grün", 1000.25, NOW)
    assert record["body"] == "grün"
    assert record["awsRegion"] == "eu-west-1"
    assert record["md5OfMessageAttributes"] == "digest of them"
    assert record["messageAttributes"]["raw"]["binaryValue"] == "AAE="
    assert event_json([message]).isascii()


def answer(payload: bytes, function_error: str | None = None) -> Answer:
    return Answer(Reply("request", function_error=function_error), payload)


def report(*identifiers: object) -> bytes:
    return json.dumps({"batchItemFailures": [{"itemIdentifier": item} for item in identifiers]}).encode()


@pytest.mark.parametrize("payload", [b"", b"null", b"{}", report(), b'{"batchItemFailures": null}'])
def test_nothing_after_an_empty_report(payload: bytes) -> None:
    assert failures(answer(payload), IDS, reports_item_failures=True) == frozenset()


def test_those_reported() -> None:
    assert failures(answer(report("m3", "m1")), IDS, reports_item_failures=True) == {"m1", "m3"}


@pytest.mark.parametrize("payload", [report(""), report(None), report("m1", "m9"), b"no json", b'"text"', b"[1]"])
def test_all_after_an_ill_formed_report(payload: bytes) -> None:
    assert failures(answer(payload), IDS, reports_item_failures=True) == set(IDS)


@pytest.mark.parametrize("reports", [True, False])
def test_all_after_a_function_error(reports: bool) -> None:
    assert failures(answer(b"null", "Unhandled"), IDS, reports) == set(IDS)


def test_nothing_after_a_report_that_nobody_asked_for() -> None:
    assert failures(answer(report("m1")), IDS, reports_item_failures=False) == frozenset()
