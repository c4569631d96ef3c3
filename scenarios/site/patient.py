"""Waits in emulator time: what is due later is let come at once, so that no retry costs its pause."""

import re
import time
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime
from typing import Any

from wavetank.emulator.errors import NotSettled
from wavetank.scenarios.site.site import OTHERS_WAIT, Site, waits_for_time
from wavetank.scenarios.spec.hours import Scheduled

LOOK_S = 0.15
"""Wall-clock time in which work that needs no emulator time usually ends."""
STUCK_S = 3.0
"""After so long without a change what is in flight is taken to wait for emulator time, whatever it says."""
LONGEST_S = 120.0
FIRST_STEP_S = 60.0
WINDOW_S = 1.0
"""The batching window of the event sources: it is not worth waiting for either."""
MOST_ADVANCED_S = 3 * 3600.0
"""In all: well below the 12 hours after which a batch is given up and a chunk leaves the replayer's window."""

_NUMBER = re.compile(r"\d+")
"""What is left to wait changes all the time; that is no progress."""


class PatientSite(Site):
    """A site where nobody waits for emulator time: settling and ticking move the clock on."""

    def settle(self) -> None:
        """Return once nothing is in flight. Raises NotSettled."""
        settle(self)

    def tick(self, function: Scheduled, moment: datetime, but: str = "") -> dict[str, Any]:
        """Run a scheduled function; what holds it up is let come, unless it is `but`, which is to stay.

        Raises TickFailedError, NotSettled.
        """
        if but:
            return super().tick(function, moment, but)
        with ThreadPoolExecutor(1) as pool:
            ran = pool.submit(super().tick, function, moment)
            while wait([ran], LOOK_S).not_done:
                settle(self)
            return ran.result()


def settle(site: Site) -> None:
    """Return once nothing is in flight; the clock is moved on for what waits for it. Raises NotSettled."""
    began = changed = time.monotonic()
    step_s, advanced_s = FIRST_STEP_S, 0.0
    seen: list[str] = []
    while True:
        try:
            return site.stack.settle(LOOK_S, telemetry=False)
        except NotSettled as error:
            pending = list(error.pending)
            if time.monotonic() - began > LONGEST_S:
                raise
        if (said := [_NUMBER.sub("", f"{hop} {what}") for hop, what in pending]) != seen:
            seen, changed, step_s = said, time.monotonic(), FIRST_STEP_S
        if advanced_s < MOST_ADVANCED_S and (is_due_later(pending) or time.monotonic() - changed > STUCK_S):
            advanced_s, step_s, by_s = advanced_s + step_s, step_s * 2, step_s
        else:
            by_s = WINDOW_S
        site.stack.control.advance_clock(by_s)


def is_due_later(pending: list[tuple[str, str]]) -> bool:
    """Whether what is in flight waits for emulator time: one thing on which the others wait, or all of them.

    Messages are hidden also while a function works on them. To move the clock on would only bring them a second time.
    """
    return any(sign in what for _, what in pending for sign in OTHERS_WAIT) or all(
        waits_for_time(what) for _, what in pending
    )
