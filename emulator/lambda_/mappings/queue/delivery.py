"""The way of messages from a queue to its function, where faults may strike each of them.

What fails is left in the queue, where it becomes visible again after its visibility timeout. An invocation that is
throttled is tried again until the messages are about to become visible.
Source: AWS developer guide, "Handling errors for an SQS event source in Lambda".
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import ceil

from wavetank.emulator.faults.engine import FAULTS
from wavetank.emulator.faults.identity import content_identity, steady, subject_of
from wavetank.emulator.faults.points import Action, Point
from wavetank.emulator.lambda_.mappings.batch_window import event_json
from wavetank.emulator.lambda_.mappings.function_client import FunctionClient
from wavetank.emulator.lambda_.mappings.queue.core.message import Message, failures
from wavetank.emulator.lambda_.mappings.queue.core.settings import QueueSettings
from wavetank.emulator.lambda_.mappings.queue.queue_client import HOP, QueueClient
from wavetank.emulator.lambda_.mappings.stream.core.response import Answer, Refused
from wavetank.emulator.lambda_.mappings.stream.core.retry import wait_s
from wavetank.emulator.runtime.clock import CLOCK, Alarm
from wavetank.emulator.runtime.delayed_calls import DELAYED_CALLS
from wavetank.emulator.runtime.inflight import IN_FLIGHT
from wavetank.emulator.runtime.reset import RESET

LOG = logging.getLogger(__name__)

LONGEST_HIDDEN_S = 43_200
"""No message may be hidden for longer, says SQS; one that is held back for longer comes again meanwhile."""


class Arrivals:
    """Lets the messages of one mapping through to `arrive`, each at once unless a fault holds it back."""

    def __init__(self, settings: QueueSettings, queue: QueueClient, arrive: Callable[[Message], None]) -> None:
        self._settings = settings
        self._queue = queue
        self._arrive = arrive

    def let_through(self, message: Message) -> None:
        """Pass a message on, late or more than once where a fault says so."""
        if not FAULTS.armed(Point.SQS_DELIVERY):
            self._arrive(message)
            return
        settings = self._settings
        target = {
            "queue": settings.queue_name,
            "function": settings.function_name,
            "subject": subject_of(message.body),
            "content": message.body,
        }
        identity = f"{settings.queue_name}/{content_identity(steady(message.body).encode())}"
        firing = FAULTS.fire(Point.SQS_DELIVERY, target, identity)
        if firing is not None and firing.action is Action.DELAY:
            self._hold_back(message, firing.seconds())
        elif firing is not None and firing.action is Action.DUPLICATE:
            self._arrive(replace(message, copies=int(firing.parameters["copies"])))
        else:
            self._arrive(message)

    def _hold_back(self, message: Message, delay_s: float) -> None:
        """Hide a message in its queue until it has arrived and its visibility timeout has passed."""
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

        DELAYED_CALLS.after(delay_s, release)


class BatchDelivery:
    """The way from a mapping to its function; batches may be delivered from several threads at once."""

    def __init__(self, settings: QueueSettings, queue: QueueClient) -> None:
        self._settings = settings
        self._queue = queue
        self._function = FunctionClient(settings.function_arn)
        self._lock = threading.Lock()
        self._waiting: set[Alarm] = set()
        self._stopping = False

    def deliver(self, batch: Sequence[Message]) -> list[Message]:
        """Invoke the function with a batch, and return the messages that are to be handled once more."""
        forgotten = [message for message in batch if RESET.forgets(message.sent)]
        current = [message for message in batch if not RESET.forgets(message.sent)]
        failed = self._invoke(current) if current else frozenset[str]()
        done = [message for message in current if message.id not in failed]
        self._queue.delete(forgotten + [message for message in done if not message.copies])
        return [replace(message, copies=message.copies - 1) for message in done if message.copies]

    def stop(self) -> None:
        """Try no batch again from now on."""
        self._stopping = True
        self.hurry()

    def hurry(self) -> None:
        """Look now at the batches that wait to be tried again."""
        with self._lock:
            for alarm in self._waiting:
                alarm.set()

    def _invoke(self, batch: Sequence[Message]) -> frozenset[str]:
        """The ids of the messages that were not done."""
        ids = [message.id for message in batch]
        refusals = 0
        while True:
            answer = self._function.call(event_json(batch))
            if isinstance(answer, Answer):
                return failures(answer, ids, self._settings.reports_item_failures)
            refusals += 1
            LOG.info("%s: %s", self._settings.title, answer.error)
            if not isinstance(answer, Refused) or not self._may_try_again(batch, refusals):
                return frozenset(ids)

    def _may_try_again(self, batch: Sequence[Message], refusals: int) -> bool:
        """Wait before the next attempt; False where there is none, as the messages become visible before it."""
        hidden_until = min(message.received for message in batch) + self._queue.visibility_timeout_s()
        alarm = Alarm()
        with self._lock:
            self._waiting.add(alarm)
        until = min(CLOCK.now() + wait_s(refusals), hidden_until)
        what = f"mapping {self._settings.title}: batch of {len(batch)}, to be tried again"
        end = IN_FLIGHT.begin(HOP, self._settings.function_name, what, until=until)
        if not self._stopping:
            alarm.wait(until - CLOCK.now())
        end()
        with self._lock:
            self._waiting.discard(alarm)
        return not self._stopping and not RESET.forgets(batch[-1].sent) and CLOCK.now() < hidden_until
