"""Which records a mapping's FilterCriteria let through.

Source: AWS developer guide, "Using event filtering with a Kinesis event source": a pattern on `data` sees the decoded
data as JSON, and a record whose data is not JSON (or nested too deeply) is dropped where there is one; any of several
filters will do.
"""

import base64
import json
from collections.abc import Sequence
from typing import Any

from localstack.utils.event_matcher import matches_event

from wavetank.emulator.lambda_.mappings.stream.core.event import RawRecord


class RecordFilter:
    """The filters of one mapping; no filters let everything through."""

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
