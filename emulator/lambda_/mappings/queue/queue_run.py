"""The run of a mapping: one thread that takes messages as soon as there are any, and one for each batch under way."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import inf

from wavetank.emulator.lambda_.mappings.batch_window import BatchWindow
from wavetank.emulator.lambda_.mappings.filters import MessageFilter
from wavetank.emulator.lambda_.mappings.life_cycle import LifeCycle, begin
from wavetank.emulator.lambda_.mappings.queue.core.message import Message
from wavetank.emulator.lambda_.mappings.queue.core.settings import QueueSettings
from wavetank.emulator.lambda_.mappings.queue.delivery import Arrivals, BatchDelivery
from wavetank.emulator.lambda_.mappings.queue.queue_client import HOP, QueueClient
from wavetank.emulator.lambda_.mappings.stream.core.retry import wait_s
from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.clock import CLOCK, Alarm
from wavetank.emulator.runtime.doorbell import QUEUE_WRITES
from wavetank.emulator.runtime.inflight import IN_FLIGHT

LOG = logging.getLogger(__name__)

SAFETY_POLL_S = 60.0
"""A queue is read when its bell rings; so often also without."""


class QueueRun:
    """Takes from one queue while the function has room; a message stays in its queue until it is done."""

    def __init__(self, settings: QueueSettings, lease: threading.Lock) -> None:
        self._settings = settings
        self._lease = lease
        self._queue = QueueClient(settings.queue_arn, settings.function_arn, settings.role_arn)
        self._delivery = BatchDelivery(settings, self._queue)
        self._filter = MessageFilter(settings.filters)
        self._arrivals = Arrivals(settings, self._queue, self._put)
        self._alarm = Alarm()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._window = BatchWindow[Message](settings.limits)
        self._busy = 0
        self._pool = ThreadPoolExecutor(settings.concurrency, thread_name_prefix=f"esm-{settings.uuid}")

    def prepare(self) -> None:
        """Hear of every message from now on."""
        QUEUE_WRITES.listen(self._settings.queue_arn, self._alarm)

    def start(self, life: LifeCycle) -> None:
        """Begin, as soon as an earlier run of this mapping has ended."""
        begin(self, HOP, self._settings.uuid, self._lease, life)

    def stop(self) -> None:
        """Ask for the end; what was received is handled first."""
        self._stopping.set()
        self._delivery.stop()
        self._alarm.set()

    def flush(self) -> None:
        """Close the batching window now."""
        with self._lock:
            changed = self._window.flush()
        if changed:
            self._alarm.set()

    def discard(self) -> None:
        """Have everything looked at now: what was sent before a reset is not delivered any more."""
        self.flush()
        self._delivery.hurry()

    def pending(self) -> list[Pending]:
        """The messages that were received and are not with the function yet."""
        with self._lock:
            waiting = len(self._window)
        what = f"mapping {self._settings.title}: {waiting} wait for a batch"
        return [Pending(HOP, self._settings.function_name, what)] if waiting else []

    def serve(self, begun: Callable[[], None]) -> None:
        """Take messages until it is stopped; then what was received is handled."""
        if not self._stopping.is_set():
            begun()
            self._poll()
            self.flush()
            while self._hand_over():
                pass
        self._pool.shutdown()

    def unlisten(self) -> None:
        """Hear of no more messages."""
        QUEUE_WRITES.unlisten(self._settings.queue_arn, self._alarm)

    def _poll(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self._alarm.clear()
            try:
                wait = self._take()
                failures = 0
            except Exception as error:
                failures += 1
                wait = wait_s(failures)
                LOG.info("%s: %s", self._settings.title, error)
            if not self._stopping.is_set():
                self._alarm.wait(wait, patience=SAFETY_POLL_S)

    def _take(self) -> float:
        """Hand over batches while there are any and the function has room; return how long to wait for the bell."""
        while not self._stopping.is_set() and self._busy < self._settings.concurrency:
            what = f"mapping {self._settings.title}: looking at its queue"
            with IN_FLIGHT.doing(HOP, self._settings.function_name, what):
                # Receive until a batch is full or no message is visible; what the filters drop is deleted.
                while (room := self._window.room) and (messages := self._queue.receive(room)):
                    passing = [message for message in messages if self._filter.lets_through(message)]
                    self._queue.delete([message for message in messages if message not in passing])
                    for message in passing:
                        self._arrivals.let_through(message)
                if not self._hand_over():
                    closes = self._window.closes_at
                    return inf if closes is None else closes - CLOCK.now()
        return inf

    def _put(self, message: Message) -> None:
        with self._lock:
            self._window.put([message], CLOCK.now())
        self._alarm.set()

    def _hand_over(self) -> bool:
        """Give a batch to the function, if one is due."""
        with self._lock:
            batch = self._window.cut(CLOCK.now())
            self._busy += bool(batch)
        if batch:
            what = f"mapping {self._settings.title}: batch of {len(batch)}"
            end = IN_FLIGHT.begin(HOP, self._settings.function_name, what)
            self._pool.submit(self._deliver, batch).add_done_callback(lambda _: end())
        return bool(batch)

    def _deliver(self, batch: tuple[Message, ...]) -> None:
        again: list[Message] = []
        try:
            again = self._delivery.deliver(batch)
        except Exception:
            LOG.exception("%s: a batch was not delivered", self._settings.title)
        finally:
            for message in again:
                self._put(message)
            with self._lock:
                self._busy -= 1
            self._alarm.set()
