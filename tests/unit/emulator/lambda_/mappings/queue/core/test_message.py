"""The event of a message, and which messages the filters let through."""

import json
from typing import Any

import pytest

from wavetank.emulator.lambda_.mappings.queue.core.message import Message, event_json, from_raw
from wavetank.emulator.lambda_.mappings.queue.filters import MessageFilter

ARN = "arn:aws:sqs:eu-west-1:000000000000:merges"
NOW = 1000.5
JSON, TEXT = '{"body": {"kind": ["click"]}}', '{"body": ["click"]}'


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


@pytest.mark.parametrize(
    ("pattern", "body", "passes"),
    [
        (JSON, '{"kind": "click"}', True),
        (JSON, '{"kind": "impression"}', False),
        (JSON, "click", False),
        (JSON, '["click"]', False),
        (TEXT, "click", True),
        (TEXT, "impression", False),
        (TEXT, '{"kind": "click"}', False),
    ],
)
def test_patterns_see_json_or_text(pattern: str, body: str, passes: bool) -> None:
    assert MessageFilter([pattern]).lets_through(made(body)) is passes


def test_any_of_several_filters_will_do_and_none_lets_everything_through() -> None:
    assert MessageFilter([JSON, TEXT]).lets_through(made("click"))
    assert MessageFilter([]).lets_through(made("anything"))
