"""The schedules that are enabled, each fired when it is due, in emulator time.

A schedule that comes due several times while the clock is moved on fires as often, up to a bound. A failed call is made
again as the target's retry policy says, and then goes to its dead-letter queue; it is in flight until then.
"""

import heapq
import itertools
import logging
import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.connect import connect_to

from wavetank.emulator.deliveries import events
from wavetank.emulator.deliveries.queue import written
from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.clock import CLOCK, Alarm, Clock
from wavetank.emulator.runtime.delayed_calls import DELAYED_CALLS
from wavetank.emulator.runtime.inflight import IN_FLIGHT
from wavetank.emulator.runtime.reset import RESET
from wavetank.emulator.scheduler.expression import Expression
from wavetank.emulator.scheduler.target import Call, send

LOG = logging.getLogger(__name__)

HOP = "scheduler.schedule"
DELIVERY_HOP = "scheduler.target"
MOST_AT_ONCE = 1_000
"""So often a schedule fires for one move of the clock; what came before is left out, with a line in the log."""
AT_ONCE = 4
FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 900.0
"""AWS tries again "with exponential back-off"; it does not say at which intervals."""


@dataclass(frozen=True)
class Schedule:
    """An enabled schedule, from its `start` on and before its `end`; times in seconds since the epoch.

    `finished` is called after its last time.
    """

    arn: str
    name: str
    expression: Expression
    target: Mapping[str, Any]
    start: float
    end: float | None
    finished: Callable[[], None]

    def next(self, after: float) -> float | None:
        """The moment at which it is due next; None when it is over."""
        at = self.expression.next(after, self.start)
        return None if at is None or (self.end is not None and at >= self.end) else at


class Runner:
    """Fires schedules; its thread starts with the first and is a daemon."""

    def __init__(self, clock: Clock = CLOCK) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._alarm = Alarm(clock)
        self._numbers = itertools.count()
        self._schedules: dict[str, Schedule] = {}
        self._late: dict[str, int] = {}
        self._due: list[tuple[float, int, Schedule]] = []
        self._pool = ThreadPoolExecutor(AT_ONCE, "scheduler-target")
        self._thread: threading.Thread | None = None
        IN_FLIGHT.watch(HOP, self._overdue)

    def keep(self, schedule: Schedule) -> None:
        """Fire a schedule from now on, in the place of the one with its ARN."""
        with self._lock:
            self._schedules[schedule.arn] = schedule
            # A rate without a start date begins at once, and a start date may be this very moment.
            self._plan(schedule, min(self._clock.now(), schedule.start) - 1e-6)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)
                self._thread.start()
        events.SCHEDULES.keep(schedule.name, lambda: self._fire(schedule, self._clock.now()))
        self._alarm.set()

    def forget(self, arn: str) -> None:
        """Fire a schedule no more; an unknown one is ignored."""
        with self._lock:
            schedule = self._schedules.pop(arn, None)
            self._late.pop(arn, None)
        if schedule is not None:
            events.SCHEDULES.forget(schedule.name)

    def _plan(self, schedule: Schedule, after: float) -> bool:
        """Note when a schedule is due next; False when it is over."""
        at = schedule.next(after)
        if at is not None:
            heapq.heappush(self._due, (at, next(self._numbers), schedule))
        return at is not None

    def _overdue(self) -> list[Pending]:
        with self._lock:
            now = self._clock.now()
            return [
                Pending(HOP, schedule.name, f"due {written(at)}")
                for at, _, schedule in self._due
                if at <= now and self._schedules.get(schedule.arn) is schedule
            ]

    def _run(self) -> None:
        while True:
            self._alarm.clear()
            while self._fire_next():
                pass
            with self._lock:
                pause_s = self._due[0][0] - self._clock.now() if self._due else None
            self._alarm.wait(pause_s)

    def _fire_next(self) -> bool:
        """Fire what is due first; False when nothing is."""
        with self._lock:
            if not self._due or self._due[0][0] > self._clock.now():
                return False
            at, _, schedule = heapq.heappop(self._due)
            if self._schedules.get(schedule.arn) is not schedule:
                return True
            end = IN_FLIGHT.begin(HOP, schedule.name, "fires")
            now, following, planned_from = self._clock.now(), schedule.next(at), at
            is_late = following is not None and following <= now
            self._late[schedule.arn] = self._late.get(schedule.arn, 0) + 1 if is_late else 0
            if self._late[schedule.arn] >= MOST_AT_ONCE:
                self._late[schedule.arn] = 0
                LOG.warning("%s was due more than %d times at once: the rest is left out", schedule.arn, MOST_AT_ONCE)
                planned_from = now
            goes_on = self._plan(schedule, planned_from)
        try:
            self._fire(schedule, at)
            if not goes_on:
                self.forget(schedule.arn)
                schedule.finished()
        except Exception:
            LOG.exception("schedule %s could not be fired", schedule.arn)
        finally:
            end()
        return True

    def _fire(self, schedule: Schedule, at: float) -> None:
        def hand_over() -> None:
            call = Call(schedule.arn, schedule.target, at, uuid.uuid4().hex)
            end = IN_FLIGHT.begin(DELIVERY_HOP, _name(call), f"a call of {call.target['Arn']}")
            self._pool.submit(self._attempt, call, end)

        events.tick(schedule.name, hand_over)

    def _attempt(self, call: Call, end: Callable[[], None]) -> None:
        try:
            send(call)
        except Exception as error:
            self._failed(call, error)
        finally:
            end()

    def _failed(self, call: Call, error: Exception) -> None:
        """Try again after a while, or give up."""
        policy = call.target.get("RetryPolicy", {})
        delay_s = min(FIRST_RETRY_S * 2 ** (call.attempt - 1), LONGEST_RETRY_S)
        due_at = self._clock.now() + delay_s
        if call.attempt > policy.get("MaximumRetryAttempts", 185):
            return _give_up(call, error, "MaximumRetryAttempts")
        if due_at - call.at > policy.get("MaximumEventAgeInSeconds", 86_400):
            return _give_up(call, error, "MaximumEventAgeInSeconds")
        what, failed_at = f"a call of {call.target['Arn']}, to be tried again", self._clock.now()
        end = IN_FLIGHT.begin(DELIVERY_HOP, _name(call), what, until=due_at)

        def again() -> None:
            if RESET.forgets(failed_at):
                end()
            else:
                self._pool.submit(self._attempt, replace(call, attempt=call.attempt + 1), end)

        return DELAYED_CALLS.after(delay_s, again)


def _name(call: Call) -> str:
    """The name of the schedule that calls."""
    return call.schedule_arn.rpartition("/")[2]


def _give_up(call: Call, error: Exception, condition: str) -> None:
    """Send the payload to the dead-letter queue, where the schedule has one.

    Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
    """
    queue = call.target.get("DeadLetterConfig", {}).get("Arn")
    LOG.warning("%s gave up calling %s: %s", call.schedule_arn, call.target["Arn"], error)
    if not queue:
        return
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
    attributes = {
        "ERROR_CODE": code,
        "ERROR_MESSAGE": str(error)[:1024] or code,
        "EXECUTION_ID": call.execution_id,
        "EXHAUSTED_RETRY_CONDITION": condition,
        "IS_PAYLOAD_TRUNCATED": "false",
        "RETRY_ATTEMPTS": str(call.attempt - 1),
        "SCHEDULED_TIME": call.time,
        "SCHEDULE_ARN": call.schedule_arn,
        "TARGET_ARN": call.target["Arn"],
    }
    _arn, _partition, _service, region, account, name = queue.split(":", 5)
    sqs = connect_to(aws_access_key_id=account, region_name=region).sqs
    sqs.send_message(
        QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"],
        MessageBody=call.payload(),
        MessageAttributes={key: {"DataType": "String", "StringValue": text} for key, text in attributes.items()},
    )


RUNNER = Runner()
