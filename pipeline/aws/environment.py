"""The inputs of a function that say where and when it works, the same on AWS and anywhere else.

Where: its environment variables. When: the `time` of a scheduled event, the only "now" that a scheduled function
knows, so that a tick can be replayed. EventBridge user guide, "Scheduled Event":
`{"detail-type": "Scheduled Event", "time": "2019-11-24T12:00:00Z"}`.
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from math import ceil
from typing import Any

from wavetank.pipeline.avro.events import ID_FIELD
from wavetank.pipeline.core import own_code as code
from wavetank.pipeline.core.own_code import OwnCode
from wavetank.pipeline.core.sizes import SIZES, Sizes
from wavetank.pipeline.enrichment import Enrichment
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.layout import HOUR
from wavetank.pipeline.names import by_event

BEGINNING = datetime.min.replace(tzinfo=UTC)


def text(name: str) -> str:
    """A variable that must be there; raises ConfigurationError where it is not."""
    value = os.environ.get(name, "")
    if not value:
        raise ConfigurationError(f"the environment variable {name} is not set: deploy the function from the template")
    return value


def number(name: str) -> int:
    """A variable that must be a whole number."""
    value = text(name)
    if not value.isdecimal():
        raise ConfigurationError(f"the environment variable {name} is to be a whole number, got {value!r}")
    return int(value)


def number_of(name: str, event_type: str) -> int:
    """A variable that is a whole number, of an event type: its own where it has one (`names.by_event`)."""
    variable = by_event(name)
    document = os.environ.get(variable, "")
    try:
        numbers = json.loads(document) if document else {}
        value = numbers.get(event_type)
    except (ValueError, AttributeError) as error:
        raise ConfigurationError(f"the environment variable {variable} is to be {{event type: number}}") from error
    if value is None:
        return number(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ConfigurationError(f"the environment variable {variable} is to have whole numbers, got {value!r}")
    return value


def size(name: str, default: int) -> int:
    """A variable that may be left out and must be a whole number from 1 up to its default, which is the largest."""
    if not os.environ.get(name):
        return default
    value = number(name)
    if not 1 <= value <= default:
        raise ConfigurationError(f"the environment variable {name} is to be between 1 and {default:,}, got {value:,}")
    return value


def sizes() -> Sizes:
    """The sizes of pieces of files, by `BLOCK_BYTES`, `ROW_GROUP_ROWS`, `MERGE_BYTES` and `PIECE_RECORDS`."""
    return Sizes(
        block_bytes=size("BLOCK_BYTES", SIZES.block_bytes),
        row_group_rows=size("ROW_GROUP_ROWS", SIZES.row_group_rows),
        merge_bytes=size("MERGE_BYTES", SIZES.merge_bytes),
        piece_records=size("PIECE_RECORDS", SIZES.piece_records),
    )


def enrichment() -> Enrichment | None:
    """The enrichment of a processor, from `ENRICHMENT`; None where the event type has none."""
    document = os.environ.get("ENRICHMENT", "")
    return Enrichment.from_document(json.loads(document), "ENRICHMENT") if document else None


def partition_key() -> str:
    """The field by whose value events are put on the processed stream, from `PARTITION_KEY`; the id by default."""
    return os.environ.get("PARTITION_KEY") or ID_FIELD


def own_code() -> OwnCode | None:
    """The own code of a processor's event type, which `OWN_CODE` says to be in its package; None where it has none.

    Raises UnusableCode where it cannot be loaded.
    """
    return _loaded(text("EVENT_TYPE")) if os.environ.get("OWN_CODE") else None


@cache
def _loaded(event_type: str) -> OwnCode:
    return code.load(event_type)


def time_of(event: dict[str, Any]) -> datetime:
    """The moment of the tick, UTC; raises ConfigurationError where the event has none."""
    time = event.get("time")
    if not isinstance(time, str):
        raise ConfigurationError("this function takes scheduled events: an object with a `time` in ISO 8601")
    try:
        moment = datetime.fromisoformat(time)
    except ValueError as error:
        raise ConfigurationError(f"`time` is not ISO 8601: {time!r}") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def hours_back(now: datetime, hours: int) -> Iterator[datetime]:
    """The starts of the hours that overlap the window of `hours` before `now`, the oldest first."""
    window = min(timedelta(hours=hours), now - BEGINNING)
    first = (now - window).replace(minute=0, second=0, microsecond=0)
    for number in range(ceil((now - first) / HOUR)):
        yield first + number * HOUR
