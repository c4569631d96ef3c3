"""Messages on their way from a queue to its function, where faults may strike each of them."""

from collections.abc import Callable
from dataclasses import replace
from math import ceil

from wavetank.emulator.faults.engine import FAULTS, Firing
from wavetank.emulator.faults.identity import content_identity, steady, subject_of
from wavetank.emulator.faults.points import Action, Point
from wavetank.emulator.lambda_.mappings.queue.core.message import Message
from wavetank.emulator.lambda_.mappings.queue.core.settings import QueueSettings
from wavetank.emulator.lambda_.mappings.queue.queue_client import QueueClient
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.inflight import IN_FLIGHT
from wavetank.emulator.runtime.timer import TIMER

LONGEST_HIDDEN_S = 43_200
"""No message may be hidden for longer, says SQS; one that is held back for longer comes again meanwhile."""


class Arrivals:
    """Lets the messages of one mapping through to `arrive`, each at once unless a fault holds it back."""

    def __init__(self, settings: QueueSettings, queue: QueueClient, arrive: Callable[[Message], None]) -> None:
        self._settings = settings
        self._queue = queue
        self._arrive = arrive

    def let_through(self, message: Message) -> None:
        """Have it arrive, later or more than once where a fault says so."""
        firing = self._struck(message) if FAULTS.armed(Point.SQS_DELIVERY) else None
        if firing is not None and firing.action is Action.DELAY:
            self._hold_back(message, firing.seconds())
        elif firing is not None and firing.action is Action.DUPLICATE:
            self._arrive(replace(message, copies=int(firing.parameters["copies"])))
        else:
            self._arrive(message)

    def _struck(self, message: Message) -> Firing | None:
        settings = self._settings
        target = {
            "queue": settings.queue_name,
            "function": settings.function_name,
            "subject": subject_of(message.body),
            "content": message.body,
        }
        identity = f"{settings.queue_name}/{content_identity(steady(message.body).encode())}"
        return FAULTS.fire(Point.SQS_DELIVERY, target, identity)

    def _hold_back(self, message: Message, delay_s: float) -> None:
        """Hide it in its queue until it has arrived and its visibility timeout has passed."""
        hidden_s = ceil(delay_s) + self._queue.visibility_timeout_s()
        self._queue.hide(message, min(hidden_s, LONGEST_HIDDEN_S))
        what = f"a message of {self._settings.queue_name} (held back {delay_s:g} s by a fault)"
        end = IN_FLIGHT.begin(
            Point.SQS_DELIVERY, self._settings.queue_name, what, until=CLOCK.now() + delay_s, by_fault=True
        )

        def release() -> None:
            try:
                self._arrive(replace(message, received=CLOCK.now()))
            finally:
                end()

        TIMER.after(delay_s, release)
