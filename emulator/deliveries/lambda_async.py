"""Asynchronous Lambda invocations: from the call that is answered 202 until success or the last failure.

LocalStack keeps them in an internal SQS queue that runs on the wall clock. Here it is a `DelayQueue`: a retry
waits in emulator time and counts as in flight, and an idle function's poller (`lambda_poller`) sleeps until there is
something.
Retry rules: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

from wavetank.emulator.deliveries.delivery import Delivery, Subject
from wavetank.emulator.deliveries.queue import DelayQueue
from wavetank.emulator.faults.identity import steady, subject_of
from wavetank.emulator.faults.points import Action, Point

AT_ONCE = os.cpu_count() or 1
"""So many attempts of a function run side by side without further ado."""
PATIENCE_S = 0.25
"""How long one more waits for another to end before it runs beside it, in an environment that may have to be started.
Wall clock. An event on AWS waits in its queue too (docs/lambda.md)."""
MAXIMUM_AGE_S = 6 * 60 * 60
"""How old an event may become while it is retried, unless the function is configured otherwise."""


class Queues:
    """The queue of each function version, behind the part of the SQS client that LocalStack uses."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: dict[str, DelayQueue] = {}

    def open(self, url: str) -> DelayQueue:
        """The queue of that name; raises ValueError when there is none."""
        with self._lock:
            if url not in self._queues:
                raise ValueError(f"there is no queue {url}: its function is gone")
            return self._queues[url]

    def create_queue(self, QueueName: str) -> dict[str, str]:  # noqa: N803
        """Make a queue unless it exists; its name is the function's, a dash and a digest."""
        with self._lock:
            function = QueueName.rpartition("-")[0]
            self._queues.setdefault(QueueName, DelayQueue(Point.LAMBDA_ASYNC, function))
        return {"QueueUrl": QueueName}

    def delete_queue(self, QueueUrl: str) -> None:  # noqa: N803
        """Forget a queue and what is in it."""
        with self._lock:
            queue = self._queues.pop(QueueUrl, None)
        if queue is not None:
            queue.close()

    def send_message(self, QueueUrl: str, MessageBody: str, DelaySeconds: float = 0) -> None:  # noqa: N803
        """Queue an attempt that is due in `DelaySeconds` emulator seconds."""
        self.open(QueueUrl).put(MessageBody, DelaySeconds)

    def discard(self) -> None:
        """Forget every attempt that has not begun."""
        with self._lock:
            queues = list(self._queues.values())
        for queue in queues:
            queue.discard()

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        """Do nothing: an attempt stays in flight until what follows from it is under way."""


QUEUES = Queues()


def deliver(function: Any, payload: bytes, put: Callable[..., object]) -> None:
    """Have `put` queue an event of a function version, unless a fault has it otherwise."""

    def subject() -> Subject:
        about = subject_of(payload)
        target = {"function": function.function_name, "qualifier": function.qualifier, "subject": about}
        return Subject(target, f"{function.function_name}/{steady(about)}")

    firing = Delivery(Point.LAMBDA_ASYNC, function.function_name, function.function_name, put, subject).firing()
    if firing is None:
        put()
    elif firing.action is Action.DELAY:
        put(firing.seconds(), by_fault=True)
    elif firing.action is Action.DUPLICATE:
        for _ in range(1 + int(firing.parameters["copies"])):
            put()


class Places:
    """Places for attempts of a function: `AT_ONCE`, and room beside them for all that have waited long enough for one.

    Once one has waited in vain the next do not wait, until a place is given back: those who have one take their time.
    """

    def __init__(self, number: int = AT_ONCE, patience_s: float = PATIENCE_S) -> None:
        self._free = threading.Semaphore(number)
        self._patience_s = patience_s
        self._in_vain = False

    @contextlib.contextmanager
    def one(self) -> Iterator[bool]:
        """A place for the block, or none; whether it is one."""
        is_place = self._free.acquire(timeout=0 if self._in_vain else self._patience_s)
        self._in_vain = not is_place
        try:
            yield is_place
        finally:
            if is_place:
                self._in_vain = False
                self._free.release()
