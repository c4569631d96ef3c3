"""How a site waits until all is done: by what its control API says is in flight, or by what stays as it is."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

from wavetank.emulator.errors import NotSettled
from wavetank.emulator.pending import Pending
from wavetank.emulator.stack.stack import Stack
from wavetank.emulator.stack.uncontrolled import NoControlApi
from wavetank.pipeline.names import NAMES, Names
from wavetank.scenarios.client import at_rest as rest
from wavetank.scenarios.oracle.promises import CHUNK_BUFFER
from wavetank.scenarios.spec.unfinished import Unfinished

SETTLE_S = 120.0
LOOK_S = 0.2
"""Wall-clock time in which work that needs no emulator time usually ends."""
REPORT_S = 10.0
"""Metrics are sent every five seconds also while something else is in flight."""
QUEUES = frozenset({"sqs.mapping", "lambda.async"})
"""The hops on which a thing that waits keeps nothing else waiting.

Messages are hidden also while a function works on them: to move time on then would only bring them a second time.
"""

QUIET_S = CHUNK_BUFFER.total_seconds() + 15.0
"""As long as a Firehose buffers, and for a function to be polled, to start and to write."""
LONGEST_S = 3600.0
SIGHT_S = 1.0
WAITING = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")


@dataclass(frozen=True)
class Controlled:
    """Asks the control API, and moves emulator time on to when the next thing is due, where all wait for theirs.

    eager: also while something else is at work, for what keeps others waiting, such as a call that a fault holds back
    or a batch that is tried again. Then no retry costs its pause, and messages may become visible early.
    """

    eager: bool = False

    def settle(self, stack: Stack, but: Unfinished | None = None) -> None:
        """Return once nothing is in flight, telemetry aside, but `but`, and that waits for its time or is stopped.

        Where there is such a one, time is not moved on. Raises NotSettled.
        """
        began, control = time.monotonic(), stack.control
        while pending := control.pending(LOOK_S, telemetry=False):
            now = control.now()
            if but is not None and not but.besides(pending, now):
                return
            if time.monotonic() - began > SETTLE_S:
                raise NotSettled(SETTLE_S, pending)
            due = next_due(pending, now, eager=self.eager) if but is None else None
            if due is not None:
                control.advance_clock(due - now)

    def run[Answer](self, stack: Stack, call: Callable[[], Answer]) -> Answer:
        """The answer of a call, while which what holds it up is let come. Raises what it raises, and NotSettled."""
        if not self.eager:
            return call()
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(call)
            while wait([answer], LOOK_S).not_done:
                self.settle(stack)
            return answer.result()

    def report(self, stack: Stack) -> None:
        """Let CloudWatch have the metrics of what was done. Raises NotSettled."""
        stack.settle(REPORT_S)


@dataclass(frozen=True)
class Quiet:
    """Looks at the stack, which does not say when all is done: what has not changed for `quiet_s` is settled."""

    quiet_s: float = QUIET_S
    names: Names = NAMES

    def settle(self, stack: Stack, but: Unfinished | None = None) -> None:  # noqa: ARG002
        """Return once nothing has changed for a while: what is stuck changes nothing either. Raises NotSettled."""
        bucket = self.names.data_bucket(stack.account)
        seen, began = rest.md5s(stack.client("s3"), bucket), time.monotonic()
        since = began
        while time.monotonic() - since < self.quiet_s:
            time.sleep(SIGHT_S)
            sight = rest.md5s(stack.client("s3"), bucket)
            if sight != seen or _merges_wait(stack, self.names):
                seen, since = sight, time.monotonic()
            if time.monotonic() - began > LONGEST_S:
                raise NotSettled(LONGEST_S, [Pending("data bucket", bucket, "objects still come")])

    def run[Answer](self, stack: Stack, call: Callable[[], Answer]) -> Answer:  # noqa: ARG002
        """The answer of a call. Raises what it raises."""
        return call()

    def report(self, stack: Stack) -> None:
        """Nothing that could be asked for."""


CONTROLLED = Controlled()
Waiting = Controlled | Quiet


def waiting_on(stack: Stack, *, eager: bool = False, quiet_s: float | None = None) -> Waiting:
    """The way of waiting that a stack allows: `eager` where it has a control API, else for `quiet_s`."""
    if not isinstance(stack.control, NoControlApi):
        return Controlled(eager)
    return Quiet() if quiet_s is None else Quiet(quiet_s)


def next_due(pending: Sequence[Pending], now: float, *, eager: bool = False) -> float | None:
    """The emulator time at which the first of what is in flight is due; None while any of it is at work.

    eager: only what keeps others waiting, if it does, counts while something is at work.
    """
    waiting = [item for item in pending if item.waits(now)]
    if len(waiting) < len(pending):
        waiting = [item for item in waiting if eager and item.hop not in QUEUES]
    return min((item.until for item in waiting if item.until is not None), default=None)


def _merges_wait(stack: Stack, names: Names) -> bool:
    """Whether a merge waits or is under way."""
    sqs = stack.client("sqs")
    url = sqs.get_queue_url(QueueName=names.merge_queue)["QueueUrl"]
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(WAITING))["Attributes"]
    return any(int(counts.get(name, 0)) for name in WAITING)
