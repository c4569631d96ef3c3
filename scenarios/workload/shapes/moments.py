"""Shapes of times: the hours that an event falls in, and which of the copies of one id stays."""

from collections.abc import Iterable, Iterator

from wavetank.scenarios.oracle.at_rest import HOUR_US
from wavetank.scenarios.oracle.promises import LOOK_BACK_HOURS
from wavetank.scenarios.workload.shapes.base import Base, event
from wavetank.scenarios.workload.synthetic import EventType, WorkloadEvent

FIRST_US = -62_135_596_800_000_000
"""The first microsecond of the year 1."""
EPOCH_US = 0
LEAP_DAY_ENDS_US = 1_583_020_800_000_000
"""2020-03-01, before which there was a 29th of February."""
LEAP_SECOND_US = 1_483_228_800_000_000
"""2017-01-01, before which there was a leap second that no timestamp counts."""
MILLISECOND_US = 1_000

Copy = tuple[int, str]
"""A copy of an id: its time, in microseconds after a full hour, and a text that tells its bytes from others'."""

COPIES: dict[str, tuple[Copy, ...]] = {
    "the same three times": ((5, "a"), (5, "a"), (5, "a")),
    "other bytes, the larger later": ((5, "a"), (5, "b")),
    "other bytes, the smaller later": ((5, "b"), (5, "a")),
    "longer bytes first": ((5, "aa"), (5, "b")),
    "a microsecond later": ((5, "b"), (6, "a")),
    "a microsecond earlier": ((6, "a"), (5, "b")),
    "at both ends of an hour": ((HOUR_US - 1, "a"), (0, "b")),
    "on both sides of an hour": ((HOUR_US - 1, "b"), (HOUR_US, "a")),
    "on both sides of an hour, the later first": ((HOUR_US, "a"), (HOUR_US - 1, "b")),
    "the look-back apart": ((0, "b"), (LOOK_BACK_HOURS * HOUR_US, "a")),
    "the look-back apart, the later first": ((LOOK_BACK_HOURS * HOUR_US, "a"), (0, "b")),
    "the look-back apart, and a microsecond": ((0, "b"), (LOOK_BACK_HOURS * HOUR_US + 1, "a")),
    "the last microsecond in reach": ((0, "b"), ((LOOK_BACK_HOURS + 1) * HOUR_US - 1, "a")),
    "the first microsecond out of reach": ((HOUR_US - 1, "b"), ((LOOK_BACK_HOURS + 1) * HOUR_US, "a")),
    "out of reach, the later first": (((LOOK_BACK_HOURS + 1) * HOUR_US, "a"), (0, "b")),
    "a chain": (((LOOK_BACK_HOURS + 1) * HOUR_US, "a"), (LOOK_BACK_HOURS * HOUR_US, "b"), (0, "c")),
}
"""Copies of one id in the order in which they are sent."""


def times(base: Base) -> Iterator[WorkloadEvent]:
    """Impressions a microsecond before an hour, at its beginning and after it; clicks at whole milliseconds."""
    yield from _at_borders(base, "time", (base.start_us + HOUR_US,))
    for number, time_us in zip(range(8), base.times(), strict=False):
        whole = time_us // MILLISECOND_US * MILLISECOND_US
        yield event(EventType.CLICK, f"millisecond-{base.run}-{number}", whole, {"position": number})


def calendar(base: Base) -> Iterator[WorkloadEvent]:
    """Impressions at the first moment that there is, on both sides of the epoch, a leap day's end and a leap second."""
    yield from _at_borders(base, "date", (EPOCH_US, LEAP_DAY_ENDS_US, LEAP_SECOND_US))
    for number in range(2):
        yield event(EventType.IMPRESSION, f"first-{base.run}-{number}", FIRST_US + number, {"position": number})


def copies(base: Base) -> Iterator[WorkloadEvent]:
    """Impressions that come several times, with equal, earlier and later times, within the look-back and out of it."""
    for number, of_one in enumerate(COPIES.values()):
        event_id = base.in_first_bucket(f"copy-{base.run}-{number}")
        for after_us, text in of_one:
            yield event(EventType.IMPRESSION, event_id, base.start_us + after_us, {"attributes": {"text": text}})


def _at_borders(base: Base, name: str, borders: Iterable[int]) -> Iterator[WorkloadEvent]:
    moments = [border + offset for border in borders for offset in (-1, 0, 1)]
    for number, time_us in enumerate(moments):
        event_id = base.in_first_bucket(f"{name}-{base.run}-{number}")
        yield event(EventType.IMPRESSION, event_id, time_us, {"position": number})
