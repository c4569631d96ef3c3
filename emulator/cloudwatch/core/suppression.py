"""The suppression of a composite alarm's actions while another alarm, its suppressor, is in ALARM.

Source: Amazon CloudWatch User Guide, "Suppressing composite alarm actions": a wait period begins with each change of
the composite alarm's state, an extension period when the suppressor leaves ALARM, and each ends the other one. When
neither runs and the suppressor is not in ALARM, the actions of the state that the alarm then has are taken.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class Suppressor(StrEnum):
    """The reason for which actions are suppressed."""

    WAIT_PERIOD = "WaitPeriod"
    EXTENSION_PERIOD = "ExtensionPeriod"
    ALARM = "Alarm"


@dataclass(frozen=True)
class Periods:
    """The wait and the extension period, in seconds."""

    wait_s: float
    extension_s: float


@dataclass(frozen=True)
class Suppression:
    """The suppression at a moment; `until` is when the period that runs ends, in seconds since the epoch.

    owes: the state has changed and its actions were not taken.
    """

    by: Suppressor | None = None
    until: float | None = None
    owes: bool = False

    def alarm_changed(self, now: float, periods: Periods, *, suppressor_rings: bool) -> "Suppression":
        """The suppression once the composite alarm's state has changed."""
        if suppressor_rings:
            return Suppression(Suppressor.ALARM, owes=True)
        return Suppression(Suppressor.WAIT_PERIOD, now + periods.wait_s, owes=True)

    def suppressor_changed(self, now: float, periods: Periods, *, rings: bool) -> "Suppression":
        """The suppression once the suppressor has begun to ring, or has ended to."""
        if rings:
            return Suppression(Suppressor.ALARM, owes=self.owes)
        if self.by is not Suppressor.ALARM:
            return self
        return Suppression(Suppressor.EXTENSION_PERIOD, now + periods.extension_s, self.owes)

    def elapsed(self, now: float) -> "Suppression":
        """The suppression at a later moment, in which a period may have ended; whoever owes actions then takes them."""
        if self.until is None or now < self.until:
            return self
        return replace(self, by=None, until=None)

    @property
    def takes_actions(self) -> bool:
        """Whether actions are owed and nothing suppresses them."""
        return self.owes and self.by is None
