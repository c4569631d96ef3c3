"""Stacks that speak AWS and nothing else, such as AWS itself: no faults, no `settle`, the world's clock."""

import time
from collections.abc import Mapping
from typing import Any, NoReturn

from wavetank.emulator.errors import ControlRefused, NotWavetank
from wavetank.emulator.stack.control import Control, Json
from wavetank.emulator.stack.stack import ExternalStack, Stack

REMEDY = "Faults, settle and the clock need a stack started by wavetank."


class NoControlApi(Control):
    """The control API of a stack that has none: no fault is set there, none has struck, and none can be added."""

    def faults(self) -> list[Json]:
        """None."""
        return []

    def clear_faults(self) -> None:
        """There is none to take away."""

    def govern(self, stack_name: str) -> None:
        """Nothing: on AWS policies count anyway."""

    def authority(self, after: int = 0) -> Json:  # noqa: ARG002
        """Nothing that is known."""
        return {"enforced": True, "stacks": [], "refused": [], "next": 0, "used": []}

    def activity(self, after: int = 0) -> list[Json]:  # noqa: ARG002
        """Nothing."""
        return []

    def add_fault(self, fault: Mapping[str, Any]) -> NoReturn:  # noqa: ARG002
        """Raises NotWavetank."""
        raise self._absent()

    def pending(self, timeout_s: float, *, telemetry: bool = True) -> NoReturn:  # noqa: ARG002
        """Raises NotWavetank: what is in flight cannot be known, only waited for (`scenarios.site.waiting`)."""
        raise self._absent()

    def now(self) -> float:
        """The world's time."""
        return time.time()

    def advance_clock(self, seconds: float, *, lived: bool = False) -> NoReturn:  # noqa: ARG002
        """Raises NotWavetank."""
        raise self._absent()

    def switch_life_cycle(self, on: bool) -> NoReturn:  # noqa: ARG002
        """Raises NotWavetank: the life cycle is always on."""
        raise self._absent()

    def _absent(self) -> NotWavetank:
        return NotWavetank(f"{self.endpoint_url} has no control API.", REMEDY)


class UncontrolledStack(ExternalStack):
    """Anything that speaks AWS at a URL, and has no control API for us."""

    def __init__(self, endpoint_url: str) -> None:
        super().__init__(endpoint_url)
        self.control = NoControlApi(self.endpoint_url)


def detect(stack: Stack) -> Stack:
    """The stack itself where its control API answers us, else the plain one at its URL. Raises Unreachable."""
    try:
        stack.control.status()
    except (NotWavetank, ControlRefused):
        return UncontrolledStack(stack.endpoint_url)
    return stack
