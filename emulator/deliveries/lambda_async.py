"""Asynchronous Lambda invocations: from the call that is answered 202 until success or the last failure.

LocalStack keeps them in an internal SQS queue that runs on the wall clock. Here it is a `DelayQueue`: a retry
waits in emulator time and counts as in flight, and an idle function's poller sleeps until there is something.
What an attempt means (retries, maximum age, destinations) stays LocalStack's; but a configuration that was put on an
alias counts for what was invoked through it, and every event that is given up becomes a dead letter.
Retry rules: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

import contextlib
import copy
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

from botocore.config import Config
from localstack.aws.connect import connect_to

from wavetank.emulator.deliveries import dead_letters
from wavetank.emulator.deliveries.delivery import Delivery, Subject
from wavetank.emulator.deliveries.queue import DelayQueue
from wavetank.emulator.faults.identity import steady, subject_of
from wavetank.emulator.faults.points import Action, Point
from wavetank.emulator.runtime.clock import Alarm

LOG = logging.getLogger(__name__)

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


def _as_invoked(poller: Any, body: str) -> Any:
    """The poller as it has to treat this attempt: by the configuration of the alias through which it was invoked."""
    manager = poller.version_manager
    parts = json.loads(body)["invoked_arn"].split(":")
    version = manager.function_version.id.qualifier
    qualifier = parts[7] if len(parts) > 7 else version
    if qualifier == version:
        return poller
    seen, function = copy.copy(poller), copy.copy(manager.function)
    function.event_invoke_configs = {version: function.event_invoke_configs.get(qualifier)}
    seen.version_manager = copy.copy(manager)
    seen.version_manager.function = function
    return seen


class Places:
    """Where the attempts of one function run: `AT_ONCE` places, and room for all that have waited long enough for one.

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


def tracked(poller: Any) -> Any:
    """LocalStack's class of pollers, on our queue."""

    class TrackedPoller(poller):
        """Takes from the `DelayQueue`; holds an attempt in flight until its retry or destination is."""

        def __init__(self, version_manager: Any, event_queue_url: str) -> None:
            super().__init__(version_manager, event_queue_url)
            function = version_manager.function_version.id
            # A throttle is handed on at once: how long to wait is for the queue to say, in emulator time.
            config = Config(retries={"max_attempts": 0})
            clients = connect_to(aws_access_key_id=function.account, region_name=function.region, config=config)
            self.lambda_client = clients.lambda_
            self._queue = QUEUES.open(event_queue_url)
            self._wake = Alarm()
            self._places = Places()

        def run(self, *_args: Any, **_kwargs: Any) -> None:
            self._queue.listen(self._wake)
            try:
                while self._take():
                    self._wake.wait(self._queue.until_next())
            finally:
                self._queue.unlisten(self._wake)
                self._queue.give_back(self)

        def stop(self) -> None:
            super().stop()
            self._queue.give_back(self)
            self._wake.set()

        def handle_message(self, message: dict[str, str]) -> None:
            handle = message["ReceiptHandle"]
            with self._places.one():
                if not self._queue.start(handle, self):
                    return
                try:
                    poller.handle_message(_as_invoked(self, message["Body"]), message)
                finally:
                    self._queue.remove(handle)

        def process_dead_letter_queue(self, sqs_invocation: Any, response_payload: Any) -> None:
            config = self.version_manager.function_version.config
            invocation, answer = sqs_invocation.invocation, response_payload or {}
            error = str(answer.get("errorMessage") or "") if isinstance(answer, dict) else ""
            letter = dead_letters.DeadLetter(invocation.request_id, invocation.payload.decode(), error)
            try:
                if config.dead_letter_arn:
                    dead_letters.send(letter, config.dead_letter_arn, config.role)
            except Exception:
                LOG.exception("a dead letter could not be sent to %s", config.dead_letter_arn)

        def _take(self) -> bool:
            """Hand what is due to the pool; False when the poller was stopped."""
            self._wake.clear()
            if self._shutdown_event.is_set():
                return False
            try:
                for message in self._queue.take(self):
                    attempt = {"Body": message.body, "ReceiptHandle": message.handle}
                    self.invoker_pool.submit(self.handle_message, attempt)
            except RuntimeError:  # the pool was shut down meanwhile: what was not started goes back
                return False
            return True

    return TrackedPoller
