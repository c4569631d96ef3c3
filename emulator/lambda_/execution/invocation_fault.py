"""Injected faults of one invocation; the function under test cannot tell them from the real thing.

The firing of the fault point `lambda.invoke`, made into a value that the environment and the executor understand.
"""

import json
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum

from wavetank.emulator.faults.engine import FAULTS
from wavetank.emulator.faults.identity import steady, subject_of
from wavetank.emulator.faults.points import Action, Point
from wavetank.emulator.lambda_.execution.failures import ErrorType, InvocationFailure, failure_of
from wavetank.emulator.lambda_.process.session import DeadlinePassed, OutOfMemory


class Kind(StrEnum):
    """The kinds of faults of an invocation; the values are those of the fault's actions."""

    INIT_ERROR = Action.INIT_ERROR
    ERROR_BEFORE = Action.ERROR_BEFORE
    ERROR_AFTER = Action.ERROR_AFTER
    CRASH_BEFORE = Action.CRASH_BEFORE
    CRASH_AFTER = Action.CRASH_AFTER
    TIMEOUT = Action.TIMEOUT
    OUT_OF_MEMORY = Action.OUT_OF_MEMORY
    THROTTLE = Action.THROTTLE
    COLD_START = Action.COLD_START
    SLOW = Action.SLOW


@dataclass(frozen=True)
class InvocationFault:
    """A fault of a kind, with what the kind needs: a delay, the number of a call, an exception."""

    kind: Kind
    delay_s: float = 0.0
    call: int = 1
    error_type: str = ""
    message: str = ""

    def exception(self, request_id: str) -> bytes:
        """The answer of AWS's runtime for a handler that raised."""
        error = {"errorMessage": self.message, "errorType": self.error_type, "requestId": request_id, "stackTrace": []}
        return json.dumps(error).encode()

    def log(self) -> str:
        """The log of AWS's runtime for a handler that raised."""
        return f"[ERROR] {self.error_type}: {self.message}\nTraceback (most recent call last):\n"

    def failure(self, timeout_s: float) -> InvocationFailure | None:
        """The end of a process that did not come to answer; None where the kind is no such end."""
        match self.kind:
            case Kind.TIMEOUT:
                return failure_of(DeadlinePassed(), timeout_s)
            case Kind.SLOW if self.delay_s >= timeout_s:
                return failure_of(DeadlinePassed(), timeout_s)
            case Kind.OUT_OF_MEMORY:
                return failure_of(OutOfMemory(), timeout_s)
        return None


INIT_FAILURE = InvocationFailure(ErrorType.EXIT, "Runtime exited with error: exit status 1")


STRIKING: ContextVar[InvocationFault | None] = ContextVar("striking", default=None)
"""The fault that strikes the invocation which this thread carries to an environment."""


def invocation_fault_of(function: str, qualifier: str, payload: bytes | None) -> InvocationFault | None:
    """The fault that strikes this invocation, if one does; cheap while no fault is set."""
    if not FAULTS.armed(Point.LAMBDA_INVOKE):
        return None
    event = (payload or b"{}").decode("utf-8", "replace")
    subject = subject_of(event)
    target = {"function": function, "qualifier": qualifier, "subject": subject, "content": event}
    firing = FAULTS.fire(Point.LAMBDA_INVOKE, target, f"{function}/{steady(subject)}")
    if firing is None:
        return None
    given = firing.parameters
    return InvocationFault(
        Kind(firing.action),
        delay_s=float(given.get("delay_s", 0.0)),
        call=int(given.get("call", 1)),
        error_type=str(given.get("type", "")),
        message=str(given.get("message", "")),
    )
