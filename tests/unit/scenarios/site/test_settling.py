"""A site settles without waiting for emulator time, and never moves it on while something is at work."""

from typing import Any

import pytest

from wavetank.emulator.errors import NotSettled
from wavetank.emulator.stack.home import project_root
from wavetank.pipeline import topology
from wavetank.scenarios.site import site
from wavetank.scenarios.site.site import SETTLE_STEP_S, Site

WAITING = ("lambda.async", "wavetank-partitioner, not before 10:00:00 emulator time")
HELD = ("s3.notification", "chunks/x (held back 600 s by a fault)")
BUSY = ("lambda.invoke", "wavetank-partitioner is running")


class Pending:
    """A stack in whose flight there is what `looks` say, one look after the other, and then nothing."""

    def __init__(self, *looks: list[tuple[str, str]]) -> None:
        self._looks = list(looks)
        self.moved_s: list[float] = []

    @property
    def control(self) -> "Pending":
        """The stack itself, as its control API."""
        return self

    def settle(self, timeout_s: float, *, telemetry: bool = True) -> None:
        """Raises NotSettled as long as there is anything."""
        if self._looks:
            raise NotSettled(timeout_s, self._looks.pop(0))

    def advance_clock(self, by_s: float) -> float:
        """Write down how far emulator time was moved."""
        self.moved_s.append(by_s)
        return sum(self.moved_s)


def site_of(stack: Any) -> Site:
    schemas = project_root() / "schemas"
    return Site(stack, topology.load(schemas), schemas)


def test_time_is_moved_on_only_while_all_that_is_in_flight_waits_for_it() -> None:
    stack = Pending([WAITING, BUSY], [WAITING, HELD], [BUSY], [HELD])
    site_of(stack).settle()
    assert stack.moved_s == [SETTLE_STEP_S] * 2


def test_the_longer_everything_waits_the_further_time_is_moved() -> None:
    stack = Pending(*[[WAITING]] * 7, [BUSY], [WAITING])
    site_of(stack).settle()
    assert stack.moved_s == [30, 60, 120, 240, 480, 600, 600, 30]


def test_what_never_settles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "SETTLE_S", 0.0)
    with pytest.raises(NotSettled):
        site_of(Pending([BUSY], [BUSY], [BUSY])).settle()


def test_settling_but_for_one_ends_when_it_is_alone_and_moves_no_time() -> None:
    stack = Pending([WAITING, BUSY, HELD], [WAITING], [BUSY])
    site_of(stack).settle_but("wavetank-partitioner")
    assert stack.moved_s == []
