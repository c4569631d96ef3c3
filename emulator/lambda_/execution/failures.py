"""The answers that Lambda itself gives when a function's runtime does not: AWS's error types and texts. Pure.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html,
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

import contextlib
import errno
import json
import os
from dataclasses import dataclass
from enum import StrEnum

from wavetank.emulator.lambda_.execution.logs import Status
from wavetank.emulator.lambda_.process.child import exit_reason
from wavetank.emulator.lambda_.process.runtime_api import MAX_RESPONSE, InitFailed
from wavetank.emulator.lambda_.process.session import DeadlinePassed, Ended, NotExecuted, OutOfMemory, OutOfStorage
from wavetank.emulator.lambda_.process.usage import MB
from wavetank.emulator.runtime.json_text import parsed


class ErrorType(StrEnum):
    """`errorType` of the failures below; `STORAGE` is ours: on AWS the write fails, here the environment."""

    EXIT = "Runtime.ExitError"
    OUT_OF_MEMORY = "Runtime.OutOfMemory"
    TIMEOUT = "Sandbox.Timedout"
    ENTRYPOINT = "Runtime.InvalidEntrypoint"
    STORAGE = "Runtime.NoSpaceLeft"
    RESPONSE_SIZE = "Function.ResponseSizeTooLarge"
    UNKNOWN = "Runtime.Unknown"


@dataclass(frozen=True)
class InvocationFailure:
    """The reason why there is no answer of the handler's, as the caller and the log are told it.

    `description` is the runtime's own, where it gave one before it ended.
    """

    error_type: str
    message: str
    status: Status = Status.ERROR
    description: bytes = b""

    @property
    def reported_type(self) -> str:
        """The error type in the REPORT line; a timeout has a status of its own instead."""
        return "" if self.status is Status.TIMEOUT else self.error_type

    def payload(self, request_id: str) -> bytes:
        """The answer to the caller."""
        if self.description:
            try:  # The runtime does not know for which request it was started.
                return json.dumps({**parsed(self.description), "requestId": request_id}).encode()
            except (ValueError, TypeError):
                return self.description
        by_platform = self.error_type == ErrorType.RESPONSE_SIZE
        message = self.message if by_platform else f"RequestId: {request_id} Error: {self.message}"
        return json.dumps({"errorType": self.error_type, "errorMessage": message}).encode()


RESPONSE_TOO_LARGE = InvocationFailure(
    ErrorType.RESPONSE_SIZE,
    f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE} bytes).",
)


def failure_of(outcome: Ended | InitFailed, timeout_s: float) -> InvocationFailure:
    """The failure of a process that ended, or had to be ended, without an answer."""
    match outcome:
        case InitFailed(payload, error_type) if payload:
            with contextlib.suppress(ValueError, TypeError, KeyError):
                error_type = str(parsed(payload)["errorType"]) or error_type
            return InvocationFailure(error_type or ErrorType.UNKNOWN, "", description=payload)
        case InitFailed(_, error_type):
            return InvocationFailure(error_type or ErrorType.UNKNOWN, "The runtime gave no reason")
        case DeadlinePassed():
            return InvocationFailure(ErrorType.TIMEOUT, f"Task timed out after {timeout_s:.2f} seconds", Status.TIMEOUT)
        case NotExecuted(program, number):
            reason = os.strerror(number).lower()
            return InvocationFailure(ErrorType.ENTRYPOINT, f"fork/exec {program}: {reason}")
        case OutOfStorage(used, limit):
            size = f"{used // MB} MB are used of an ephemeral storage of {limit // MB} MB"
            return InvocationFailure(ErrorType.STORAGE, f"[Errno {errno.ENOSPC}] {os.strerror(errno.ENOSPC)}: {size}")
        case OutOfMemory():
            return InvocationFailure(ErrorType.OUT_OF_MEMORY, "Runtime exited with error: signal: killed")
        case _:
            return InvocationFailure(ErrorType.EXIT, exit_reason(outcome.status))
