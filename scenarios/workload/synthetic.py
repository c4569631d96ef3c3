"""Workloads: seeded streams of events, the same for the same arguments on every machine.

Pure: takes a seed and a start, reads no clock and no global random.
"""

import hashlib
import heapq
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from wavetank.scenarios.oracle.at_rest import HOUR_US
from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME, Value
from wavetank.scenarios.workload.sending import AS_USUAL, Sending

LISTED_CAMPAIGNS = (
    "men", "women", "all", "spring-trail", "city-commute", "night-cinema", "slow-coffee", "home-solar",
)  # fmt: skip
"""Campaigns that the project's reference data knows, the most popular first."""

UNLISTED_CAMPAIGNS = ("popup-store", "flash-sale")
"""Campaigns that no reference data knows."""

CLICK_SHARE = 10
"""The share of clicks: one event in so many."""
CONVERSION_SHARE = 50
"""The share of conversions: one event in so many."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNLISTED_PROBABILITY = 0.03
_SPARSE_PROBABILITY = 0.02
_CLICK_DELAY_S = 90.0
_CONVERSION_DELAY_S = 1800.0
_POLICIES = ("bts", "random")
_CURRENCIES = ("EUR", "USD", "JPY")
_AGENTS = ('"Mozilla/5.0"', '"Brauser/2.1 (fünf)"', '"広告ビューア/3"')


class EventType(StrEnum):
    """The event types of an ad stream; each value names a folder under `schemas/`."""

    IMPRESSION = "impression"
    CLICK = "click"
    CONVERSION = "conversion"


_ID_LETTERS = {EventType.IMPRESSION: "i", EventType.CLICK: "c", EventType.CONVERSION: "s"}


@dataclass(frozen=True, slots=True)
class WorkloadEvent:
    """An event as a producer means to send it: its type, its record, and the way it is sent.

    `record["event_time"]` is whole microseconds since the epoch; fields left out take the schema's defaults.
    """

    event_type: str
    record: Mapping[str, Value]
    sending: Sending = AS_USUAL

    @property
    def event_id(self) -> str:
        """The identity of the event: copies with one id are one event."""
        return str(self.record[EVENT_ID])

    @property
    def time_us(self) -> int:
        """Event time in microseconds since the epoch, UTC. Raises TypeError for a record of another kind of time."""
        time = self.record[EVENT_TIME]
        if not isinstance(time, int):
            raise TypeError(f"{EVENT_TIME} of {self.event_id} is {time!r}, not a number of microseconds")
        return time

    def at(self, time_us: int) -> "WorkloadEvent":
        """The event at another time."""
        return replace(self, record={**self.record, EVENT_TIME: time_us})


def synthetic(
    n: int, seed: int, start: datetime, hours: float = 6.0, *, conversions: bool = True
) -> list[WorkloadEvent]:
    """Exactly `n` events of a plausible ad stream, in time order; see `stream`."""
    return list(stream(n, seed, start, hours, conversions=conversions))


def stream(
    n: int, seed: int, start: datetime, hours: float = 6.0, *, conversions: bool = True
) -> Iterator[WorkloadEvent]:
    """Exactly `n` events in time order within [start, start + hours): impressions, clicks, conversions.

    Clicks follow an impression within minutes, conversions follow a click within the hour or so, about one
    event in ten and in fifty; from three events on there is at least one of each. Without `conversions` there are
    none of these. A few campaigns are in no reference data. Equal arguments give equal events; ids of different
    arguments never meet. Memory does not grow with `n`. Raises ValueError for a naive `start`, a negative `n` or no
    time to put events in.
    """
    if start.tzinfo is None or start.utcoffset() != timedelta(0):
        raise ValueError(f"start must be in UTC, got {start.isoformat()}")
    if n < 0 or hours <= 0:
        raise ValueError(f"need n >= 0 and hours > 0, got n={n}, hours={hours}")
    yield from _AdStream(n, seed, start, hours, conversions=conversions).events()


def at_edges(events: Sequence[WorkloadEvent]) -> list[WorkloadEvent]:
    """The events moved to the nearest full hour: by turns the last microsecond before it, the first, and the next."""
    edges = ((event.time_us + HOUR_US // 2) // HOUR_US * HOUR_US for event in events)
    return [event.at(edge + number % 3 - 1) for number, (event, edge) in enumerate(zip(events, edges, strict=True))]


def of_one_campaign(events: Sequence[WorkloadEvent]) -> list[WorkloadEvent]:
    """The events, all of the most popular campaign."""
    return [replace(event, record={**event.record, "campaign": LISTED_CAMPAIGNS[0]}) for event in events]


class _AdStream:
    """The state of one run: what is still to be generated, and followers waiting for their turn in time."""

    def __init__(self, n: int, seed: int, start: datetime, hours: float, conversions: bool) -> None:
        self._conversions = max(n // CONVERSION_SHARE, int(n >= 3)) if conversions else 0
        self._clicks = max(n // CLICK_SHARE, int(n >= 2), self._conversions)
        self._impressions = n - self._clicks - self._conversions
        self._start_us = (start - _EPOCH) // timedelta(microseconds=1)
        self._span_us = int(hours * HOUR_US)
        what = f"{seed}/{n}/{start.isoformat()}/{hours}" + ("" if conversions else "/no conversions")
        run = hashlib.md5(what.encode(), usedforsecurity=False).hexdigest()
        self._run = run[:10]
        self._rng = random.Random(run)  # noqa: S311 - a workload needs repeatable numbers, not secret ones
        self._waiting: list[tuple[int, int, WorkloadEvent]] = []
        self._number = 0

    def events(self) -> Iterator[WorkloadEvent]:
        clicks, conversions = self._clicks, self._conversions
        for i in range(self._impressions):
            # The i-th impression falls in the i-th of equal slots: sorted as generated.
            at = int((i + self._rng.random()) * self._span_us / self._impressions)
            yield from self._due(at)
            impression = self._impression(at)
            if self._chosen(clicks, self._impressions - i):
                converts = self._chosen(conversions, clicks)
                clicks -= 1
                conversions -= converts
                clicked_at = self._later(at, _CLICK_DELAY_S)
                shown = impression.record
                click = self._event(
                    EventType.CLICK,
                    clicked_at,
                    impression_id=impression.event_id,
                    campaign=shown["campaign"],
                    position=shown.get("position"),
                    attributes={},
                )
                self._wait(clicked_at, click)
                if converts:
                    sold_at = self._later(clicked_at, _CONVERSION_DELAY_S)
                    conversion = self._event(
                        EventType.CONVERSION,
                        sold_at,
                        click_id=click.event_id,
                        campaign=shown["campaign"],
                        value=round(self._rng.lognormvariate(3, 1), 2),
                        currency=self._rng.choice(_CURRENCIES),
                        attributes={},
                    )
                    self._wait(sold_at, conversion)
            yield impression
        yield from self._due(self._span_us)

    def _chosen(self, winners: int, candidates: int) -> bool:
        """Selection sampling: choosing so for each of the candidates left in turn gives exactly so many winners."""
        return self._rng.random() * candidates < winners

    def _due(self, at: int) -> Iterator[WorkloadEvent]:
        while self._waiting and self._waiting[0][0] <= at:
            yield heapq.heappop(self._waiting)[2]

    def _wait(self, at: int, event: WorkloadEvent) -> None:
        heapq.heappush(self._waiting, (at, len(event.event_type) * 10**12 + self._number, event))

    def _later(self, at: int, mean_delay_s: float) -> int:
        later = at + 1 + int(self._rng.expovariate(1 / mean_delay_s) * 1_000_000)
        if later < self._span_us:
            return later
        return at + int(self._rng.random() * (self._span_us - at))

    def _impression(self, at: int) -> WorkloadEvent:
        rng = self._rng
        self._number += 1
        if rng.random() < _UNLISTED_PROBABILITY:
            campaign = rng.choice(UNLISTED_CAMPAIGNS)
        else:
            # Popularity falls with the rank, as campaigns' do.
            campaign = LISTED_CAMPAIGNS[int(len(LISTED_CAMPAIGNS) * rng.random() ** 2)]
        event = self._event(
            EventType.IMPRESSION,
            at,
            campaign=campaign,
            policy=rng.choice(_POLICIES),
            item_id=rng.randrange(80),
            position=rng.randint(1, 3),
            propensity=rng.random(),
            clicked=None,
            user_features={f"user_feature_{k}": f"{rng.getrandbits(32):08x}" for k in range(2)},
            attributes={"user_agent": rng.choice(_AGENTS)},
        )
        is_sparse = rng.random() < _SPARSE_PROBABILITY
        return self._event(EventType.IMPRESSION, at, campaign=campaign) if is_sparse else event

    def _event(self, event_type: EventType, at: int, **fields: Value) -> WorkloadEvent:
        event_id = f"{_ID_LETTERS[event_type]}-{self._run}-{self._number:07d}"
        return WorkloadEvent(event_type, {EVENT_ID: event_id, EVENT_TIME: self._start_us + at, **fields})
