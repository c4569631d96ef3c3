"""The FilterCriteria of event source mappings: which records and messages they let through; any of several will do.

Sources: AWS developer guide, "Using event filtering with a Kinesis event source" (a pattern on `data` sees the decoded
data as JSON, and a record whose data is not JSON, or nested too deeply, is dropped where there is one) and "Using event
filtering with an Amazon SQS event source" (a pattern of objects on `body` sees it as JSON, and a pattern of texts sees
it as text; a message of the other kind is dropped).
"""

import base64
import json
from collections.abc import Sequence
from typing import Any

from localstack.utils.event_matcher import matches_event

from wavetank.emulator.lambda_.mappings.queue.core.message import Message
from wavetank.emulator.lambda_.mappings.stream.core.event import RawRecord


class RecordFilter:
    """The filters of one mapping from Kinesis; no filters let everything through."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns: list[dict[str, Any]] = [json.loads(pattern) for pattern in patterns]
        self._sees_data = any("data" in pattern for pattern in self._patterns)

    @property
    def is_open(self) -> bool:
        """Whether there is nothing to filter by."""
        return not self._patterns

    def lets_through(self, raw: RawRecord, shard_id: str) -> bool:
        """Whether the record is for the function."""
        fields: dict[str, Any] = {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": raw["PartitionKey"],
            "sequenceNumber": raw["SequenceNumber"],
            "approximateArrivalTimestamp": raw["ApproximateArrivalTimestamp"],
            "data": raw["Data"],
        }
        event = {"eventID": f"{shard_id}:{raw['SequenceNumber']}", "kinesis": fields, **fields}
        if self._sees_data:
            try:
                event["data"] = json.loads(base64.b64decode(raw["Data"]))
            except (ValueError, RecursionError):
                return False
        return any(matches_event(pattern, event) for pattern in self._patterns)


class MessageFilter:
    """The filters of one mapping from SQS; no filters let everything through."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns: list[dict[str, Any]] = [json.loads(pattern) for pattern in patterns]

    def lets_through(self, message: Message) -> bool:
        """Whether the message is for the function."""
        if not self._patterns:
            return True
        record = json.loads(message.json)
        try:
            data: object = json.loads(message.body)
        except (ValueError, RecursionError):
            data = None
        return any(_matches(pattern, record, data) for pattern in self._patterns)


def _matches(pattern: dict[str, Any], record: dict[str, Any], data: object) -> bool:
    if "body" not in pattern:
        return bool(matches_event(pattern, record))
    if isinstance(pattern["body"], dict):
        return isinstance(data, dict) and bool(matches_event(pattern, record | {"body": data}))
    return not isinstance(data, dict | list) and bool(matches_event(pattern, record))
