"""A delivery on its way between services: faults strike it, settle waits for it, failures are logged."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wavetank.emulator.faults.engine import FAULTS, Firing
from wavetank.emulator.faults.points import Action, Point
from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.delayed_calls import DELAYED_CALLS
from wavetank.emulator.runtime.inflight import IN_FLIGHT
from wavetank.emulator.runtime.reset import RESET

LOG = logging.getLogger(__name__)

REORDER_HOP = "reordered"

Submit = Callable[[Callable[[], None]], object]
"""Has a call run soon on another thread."""


@dataclass(frozen=True)
class Subject:
    """The delivery as a fault picks it: the target's fields, and an identity that is the same in every run."""

    target: Mapping[str, str]
    identity: str


@dataclass(frozen=True)
class Delivery:
    """A call that delivers, at a fault point, for a resource, in words; `subject` is asked only while a fault is set.

    `road` says where it goes: only what goes the same way can overtake it.
    """

    point: Point
    resource: str
    what: str
    deliver: Callable[[], object]
    subject: Callable[[], Subject]
    road: str = ""

    def firing(self) -> Firing | None:
        """The fault that strikes this delivery, or None."""
        if not FAULTS.armed(self.point):
            return None
        subject = self.subject()
        return FAULTS.fire(self.point, subject.target, subject.identity)


class Overtaken:
    """Deliveries that wait until others on their road have arrived, or until nothing else is in flight."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []
        IN_FLIGHT.watch(REORDER_HOP, self._pending, self._release_when_quiet)

    def wait_for(self, behind: int, delivery: Delivery, release: Callable[[], None]) -> None:
        """Call `release` once so many more deliveries on its road have arrived."""
        with self._lock:
            self._waiting.append(_Waiting(delivery, release, behind))

    def passed(self, delivery: Delivery) -> None:
        """This one has arrived: let those go that waited for it last."""
        if not self._waiting:
            return
        with self._lock:
            for waiting in self._waiting:
                if (waiting.delivery.point, waiting.delivery.road) == (delivery.point, delivery.road):
                    waiting.behind -= 1
            free = [waiting for waiting in self._waiting if waiting.behind <= 0]
            self._waiting = [waiting for waiting in self._waiting if waiting.behind > 0]
        for waiting in free:
            waiting.release()

    def discard(self) -> None:
        """Forget what waits."""
        with self._lock:
            self._waiting.clear()

    def _pending(self) -> list[Pending]:
        deliveries = [waiting.delivery for waiting in self._waiting]
        return [Pending(REORDER_HOP, item.resource, f"{item.what}, to be overtaken") for item in deliveries]

    def _release_when_quiet(self) -> None:
        if not self._waiting or any(item.hop != REORDER_HOP for item in IN_FLIGHT.pending()):
            return
        with IN_FLIGHT.doing(REORDER_HOP, "", "released"):
            with self._lock:
                free, self._waiting = self._waiting, []
            for item in free:
                item.release()


OVERTAKEN = Overtaken()


def discard_held() -> None:
    """Forget the deliveries that faults hold back; for a reset."""
    OVERTAKEN.discard()
    DELAYED_CALLS.hurry()


def send(delivery: Delivery, submit: Submit) -> None:
    """Deliver through `submit`, unless a fault has it otherwise; in flight from now until it has arrived."""
    firing = delivery.firing()
    if firing is None:
        _hand_over(delivery, submit)
    elif firing.action is Action.DELAY:
        _hold_back(delivery, submit, firing.seconds())
    elif firing.action is Action.REORDER:
        OVERTAKEN.wait_for(int(firing.parameters["behind"]), delivery, lambda: _hand_over(delivery, submit))
    elif firing.action is Action.DUPLICATE:
        for _ in range(1 + int(firing.parameters["copies"])):
            _hand_over(delivery, submit)


@dataclass(eq=False)
class _Waiting:
    """A delivery that waits for `behind` others."""

    delivery: Delivery
    release: Callable[[], None]
    behind: int


def _hold_back(delivery: Delivery, submit: Submit, delay_s: float) -> None:
    held_at = CLOCK.now()
    what = f"{delivery.what} (held back {delay_s:g} s by a fault)"
    end = IN_FLIGHT.begin(delivery.point, delivery.resource, what, until=held_at + delay_s, by_fault=True)

    def release() -> None:
        try:
            if not RESET.forgets(held_at):
                _hand_over(delivery, submit)
        finally:
            end()

    DELAYED_CALLS.after(delay_s, release)


def _hand_over(delivery: Delivery, submit: Submit) -> None:
    end = IN_FLIGHT.begin(delivery.point, delivery.resource, delivery.what)

    def run() -> None:
        try:
            delivery.deliver()
        except Exception:
            LOG.exception("%s: not delivered: %s", delivery.point, delivery.what)
        finally:
            OVERTAKEN.passed(delivery)
            end()

    try:
        submit(run)
    except BaseException:
        end()
        raise
