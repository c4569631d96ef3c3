"""Time that ages a site: schedules tick and objects expire by themselves, while the clock is moved on by the hour."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.hours import HOUR, Scheduled
from wavetank.scenarios.spec.unfinished import Unfinished

PAST_THE_HOUR = timedelta(minutes=6)
"""The clock stops so long after each full hour, a minute after the planner's tick."""


@contextmanager
def ageing(site: Site) -> Iterator[None]:
    """Switch the schedules and the life cycle on for the length of a block.

    Raises NotWavetank where the stack has no clock that could be moved on.
    """
    control, events = site.stack.control, site.stack.client("events")
    rules = [f"{function}-schedule" for scheduled in Scheduled for function in site.functions(scheduled)]
    try:
        control.switch_life_cycle(on=True)
        for rule in rules:
            events.enable_rule(Name=rule)
        yield
    finally:
        with suppress(Exception):
            for rule in rules:
                events.disable_rule(Name=rule)
            control.switch_life_cycle(on=False)


def age(site: Site, until: datetime, but: Unfinished | None = None, step: timedelta = HOUR) -> None:
    """Move the clock on until then, in steps of whole hours at most, each of which settles but for `but`.

    Raises NotSettled.
    """
    while (now := site.now()) < until:
        following = min(until, stop_after(now + step - HOUR))
        site.stack.control.advance_clock((following - now).total_seconds())
        site.settle(but)


def full_hour(now: datetime) -> datetime:
    """The next full hour."""
    return now.replace(minute=0, second=0, microsecond=0) + HOUR


def stop_after(now: datetime) -> datetime:
    """The first moment after `now` at which the clock stops on its way."""
    return full_hour(now - PAST_THE_HOUR) + PAST_THE_HOUR
