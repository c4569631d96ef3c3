"""A site ages by the hour: its clock stops where the planner's tick is just over, and settles there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.pipeline.names import NAMES
from wavetank.scenarios.run.ageing import age, ageing, full_hour, stop_after
from wavetank.scenarios.spec.hours import HOUR, Scheduled

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


@given(MOMENTS)
def test_the_clock_stops_in_the_seventh_minute_of_each_hour(now: datetime) -> None:
    stop = stop_after(now)
    assert timedelta(0) < stop - now <= HOUR
    assert (stop.minute, stop.second, stop.microsecond) == (6, 0, 0)


@given(MOMENTS)
def test_a_full_hour_is_still_to_come(now: datetime) -> None:
    assert timedelta(0) < full_hour(now) - now <= HOUR
    assert full_hour(now).minute == 0


@dataclass
class Standing:
    """A site whose clock stands still, but for being moved on; it notes where it settled and what was switched."""

    now_: datetime = NOON
    settled: list[datetime] = field(default_factory=list)
    switched: list[str] = field(default_factory=list)

    def functions(self, scheduled: Scheduled) -> tuple[str, ...]:
        """The functions of a schedule, without any database."""
        return () if scheduled is Scheduled.DUMPER else (f"{NAMES.prefix}-{scheduled}",)

    def now(self) -> datetime:
        """The time of the clock."""
        return self.now_

    def settle(self, _but: object = None) -> None:
        """Nothing moves."""
        self.settled.append(self.now_)

    @property
    def stack(self) -> "Standing":
        """All of it is this."""
        return self

    @property
    def control(self) -> "Standing":
        """All of it is this."""
        return self

    def client(self, _service: str) -> "Standing":
        """All of it is this."""
        return self

    def advance_clock(self, seconds: float) -> None:
        """Move the clock on."""
        self.now_ += timedelta(seconds=seconds)

    def switch_life_cycle(self, on: bool) -> None:
        """Write it down."""
        self.switched.append(f"life cycle {on}")

    def enable_rule(self, Name: str) -> None:  # noqa: N803
        """Write it down."""
        self.switched.append(f"+{Name}")

    def disable_rule(self, Name: str) -> None:  # noqa: N803
        """Write it down."""
        self.switched.append(f"-{Name}")


def test_time_passes_in_steps_of_an_hour_that_each_settle() -> None:
    site: Any = Standing()
    age(site, NOON + 2.5 * HOUR)
    assert [(moment - NOON).total_seconds() / 60 for moment in site.settled] == [6, 66, 126, 150]


@contextmanager
def broken() -> Iterator[None]:
    with pytest.raises(KeyError):
        yield


def test_schedules_and_life_cycle_are_off_again_whatever_happens() -> None:
    site: Any = Standing()
    with broken(), ageing(site):
        assert site.switched == ["life cycle True", "+wavetank-replayer-schedule", "+wavetank-planner-schedule"]
        raise KeyError
    assert site.switched[3:] == ["-wavetank-replayer-schedule", "-wavetank-planner-schedule", "life cycle False"]
