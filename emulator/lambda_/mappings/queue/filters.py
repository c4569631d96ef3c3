"""Which messages a mapping's FilterCriteria let through.

Source: AWS developer guide, "Using event filtering with an Amazon SQS event source": a pattern of objects on `body`
sees it as JSON, and a pattern of texts sees it as text; a message of the other kind is dropped. Any of several filters
will do.
"""

import json
from collections.abc import Sequence
from typing import Any

from localstack.utils.event_matcher import matches_event

from wavetank.emulator.lambda_.mappings.queue.core.message import Message


class MessageFilter:
    """The filters of one mapping; no filters let everything through."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns: list[dict[str, Any]] = [json.loads(pattern) for pattern in patterns]

    def lets_through(self, message: Message) -> bool:
        """Whether the message is for the function."""
        if not self._patterns:
            return True
        record, data = json.loads(message.json), _as_json(message.body)
        return any(_matches(pattern, record, data) for pattern in self._patterns)


def _matches(pattern: dict[str, Any], record: dict[str, Any], data: object) -> bool:
    if "body" not in pattern:
        return bool(matches_event(pattern, record))
    if isinstance(pattern["body"], dict):
        return isinstance(data, dict) and bool(matches_event(pattern, record | {"body": data}))
    return not isinstance(data, dict | list) and bool(matches_event(pattern, record))


def _as_json(body: str) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
