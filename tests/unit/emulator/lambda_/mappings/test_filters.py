"""Filter criteria see what AWS lets them see."""

import base64
import json

import pytest

from wavetank.emulator.lambda_.mappings.filters import MessageFilter, RecordFilter
from wavetank.emulator.lambda_.mappings.queue.core.message import Message, from_raw
from wavetank.emulator.lambda_.mappings.stream.core.event import RawRecord

QUEUE = "arn:aws:sqs:eu-west-1:000000000000:merges"
SHARD = "shardId-000000000000"


def raw(data: bytes, key: str = "k") -> RawRecord:
    return RawRecord(
        SequenceNumber="1",
        PartitionKey=key,
        Data=base64.b64encode(data).decode(),
        ApproximateArrivalTimestamp=1.0,
    )


BY_DATA = json.dumps({"data": {"type": ["click"], "price": [{"numeric": [">", 10]}]}})
BY_KEY = json.dumps({"partitionKey": [{"prefix": "a"}]})
JSON, TEXT = '{"body": {"kind": ["click"]}}', '{"body": ["click"]}'


def message(body: str) -> Message:
    raw = {"MessageId": "id", "ReceiptHandle": "handle", "Body": body, "MD5OfBody": "digest"}
    return from_raw(raw | {"Attributes": {"SentTimestamp": "1000250"}}, QUEUE, 1000.5)


@pytest.mark.parametrize(
    ("data", "through"),
    [
        (b'{"type": "click", "price": 11}', True),
        (b'{"type": "click", "price": 9}', False),
        (b'{"type": "view", "price": 11}', False),
        (b"not json", False),
        (b"\xff\xfe", False),
        (b"[" * 100_000, False),
    ],
)
def test_a_pattern_on_data_sees_the_decoded_json(data: bytes, through: bool) -> None:
    assert RecordFilter([BY_DATA]).lets_through(raw(data), SHARD) is through


def test_a_pattern_on_metadata_does_not_need_json_data() -> None:
    by_key = RecordFilter([BY_KEY])
    assert by_key.lets_through(raw(b"\xff", key="abc"), SHARD)
    assert not by_key.lets_through(raw(b"\xff", key="b"), SHARD)


def test_any_of_several_filters_is_enough() -> None:
    either = RecordFilter([BY_DATA, BY_KEY])
    assert either.lets_through(raw(b'{"type": "view"}', key="a"), SHARD)
    assert not either.lets_through(raw(b'{"type": "view"}', key="b"), SHARD)


def test_without_filters_nothing_is_looked_at() -> None:
    assert RecordFilter([]).is_open
    assert not RecordFilter([BY_KEY]).is_open


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
    assert MessageFilter([pattern]).lets_through(message(body)) is passes


def test_any_of_several_patterns_will_do_for_a_message_and_none_lets_everything_through() -> None:
    assert MessageFilter([JSON, TEXT]).lets_through(message("click"))
    assert MessageFilter([]).lets_through(message("anything"))
