"""The operations on log events: which are taken, and which are found.

Source: CloudWatch Logs API reference, PutLogEvents and FilterLogEvents. Times are the emulator's.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from localstack.aws.api import handler
from localstack.aws.api.logs import InvalidParameterException, ResourceNotFoundException

from wavetank.emulator.logs.filter_pattern import Event
from wavetank.emulator.logs.groups import group_of
from wavetank.emulator.logs.ingestion import ingest
from wavetank.emulator.logs.metric_filters import pattern_of
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.cloudwatch import Place

DAY_MS = 86_400_000
OLDEST_MS = 14 * DAY_MS
NEWEST_MS = 2 * 3_600_000
"""How far from now an event may be, before and after."""
MOST_EVENTS = 10_000
LARGEST_BATCH = 1_048_576
OVERHEAD = 26
"""Bytes that each event counts for besides its message."""
LARGEST_PAGE = 1_048_576
"""Bytes of the messages of a page of FilterLogEvents."""


@handler("PutLogEvents")
def put_log_events(
    _provider: Any,
    context: Any,
    log_group_name: str,
    log_stream_name: str,
    log_events: Sequence[Mapping[str, Any]],
    **_: Any,
) -> dict[str, Any]:
    """Write events to a stream, and make metrics of them. Raises InvalidParameterException for a batch out of order."""
    group = group_of(context, log_group_name)
    stream = _stream_of(group, log_stream_name)
    _check(log_events)
    now = int(CLOCK.now() * 1000)
    oldest = now - OLDEST_MS
    expired = now - group.retention_in_days * DAY_MS if group.retention_in_days else 0
    # They are in order.
    first = sum(event["timestamp"] < max(oldest, expired) for event in log_events)
    end = sum(event["timestamp"] <= now + NEWEST_MS for event in log_events)
    taken = list(log_events[first:end])
    if taken:
        token = stream.put_log_events(taken)
        place = Place(context.account_id, context.region)
        ingest(place, group, [(event["timestamp"], event["message"]) for event in taken])
    else:
        token = f"{stream.upload_sequence_token:056d}"
    rejected: dict[str, int] = {}
    if first:
        rejected["expiredLogEventEndIndex" if expired > oldest else "tooOldLogEventEndIndex"] = first
    if end < len(log_events):
        rejected["tooNewLogEventStartIndex"] = end
    return {"nextSequenceToken": token, **({"rejectedLogEventsInfo": rejected} if rejected else {})}


@handler("FilterLogEvents")
def filter_log_events(
    _provider: Any,
    context: Any,
    log_group_name: str | None = None,
    log_group_identifier: str | None = None,
    log_stream_names: Sequence[str] | None = None,
    log_stream_name_prefix: str | None = None,
    start_time: int | None = None,
    end_time: int | None = None,
    filter_pattern: str | None = None,
    next_token: str | None = None,
    limit: int | None = None,
    **_: Any,
) -> dict[str, Any]:
    """A page of the events of a group that match, in the order of their times. Raises InvalidParameterException."""
    if log_stream_names and log_stream_name_prefix:
        raise InvalidParameterException("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.")
    name = log_group_name or (log_group_identifier or "").removesuffix(":*").rpartition(":")[2]
    group, pattern = group_of(context, name), pattern_of(filter_pattern or "")
    names = set(log_stream_names or ())
    for stream_name in names:
        _stream_of(group, stream_name)
    streams = [
        stream
        for stream_name, stream in list(group.streams.items())
        if stream_name.startswith(log_stream_name_prefix or "") and (not names or stream_name in names)
    ]
    candidates = [
        (event.timestamp, event.event_id, stream.log_stream_name, event)
        for stream in streams
        for event in list(stream.events)
        if start_time is None or event.timestamp >= start_time
        if end_time is None or event.timestamp <= end_time
    ]
    candidates.sort(key=lambda each: each[:2])
    first = 0 if next_token is None else bisect_right(candidates, _position(next_token), key=lambda each: each[:2])
    page: list[dict[str, Any]] = []
    size, token = 0, {}
    for _, _, stream_name, event in candidates[first:]:
        if not pattern.matches(Event(event.message)):
            continue
        if len(page) == min(limit or MOST_EVENTS, MOST_EVENTS) or (page and size + len(event.message) > LARGEST_PAGE):
            token = {"nextToken": f"{page[-1]['timestamp']}/{page[-1]['eventId']}"}
            break
        size += len(event.message)
        page.append({**event.to_filter_dict(), "logStreamName": stream_name})
    searched = [{"logStreamName": stream.log_stream_name, "searchedCompletely": True} for stream in streams]
    return {"events": page, "searchedLogStreams": searched, **token}


def matcher(pattern: str) -> Callable[[str, Mapping[str, Any]], bool]:
    """The test of an event for a subscription filter's pattern. Raises InvalidParameterException."""
    parsed = pattern_of(pattern)
    return lambda _pattern, event: parsed.matches(Event(event["message"]))


def _stream_of(group: Any, name: str) -> Any:
    stream = group.streams.get(name)
    if stream is None:
        raise ResourceNotFoundException("The specified log stream does not exist.")
    return stream


def _check(events: Sequence[Mapping[str, Any]]) -> None:
    """Raises InvalidParameterException for a batch that is too large, too long or out of order."""
    times = [event["timestamp"] for event in events]
    if not 1 <= len(events) <= MOST_EVENTS:
        raise InvalidParameterException(f"A batch has 1 to {MOST_EVENTS} log events, not {len(events)}.")
    if any(earlier > later for earlier, later in pairwise(times)):
        raise InvalidParameterException("Log events in a single PutLogEvents request must be in chronological order.")
    if times[-1] - times[0] > DAY_MS:
        raise InvalidParameterException(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
        )
    size = sum(len(event["message"].encode()) + OVERHEAD for event in events)
    if size > LARGEST_BATCH:
        raise InvalidParameterException(f"Upload too large: {size} bytes exceeds limit of {LARGEST_BATCH}")


def _position(token: str) -> tuple[int, int]:
    """The time and the number of the last event of a page. Raises InvalidParameterException."""
    at_ms, _, number = token.partition("/")
    try:
        return int(at_ms), int(number)
    except ValueError:
        raise InvalidParameterException("The specified nextToken is invalid.") from None
