"""The answers that Lambda itself gives when a function's runtime does not: AWS's error types and texts. Pure.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html,
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

import json
from dataclasses import dataclass
from enum import StrEnum

from emulator.json_text import parsed
from emulator.lambda_.child import exit_reason
from emulator.lambda_.logs import Status
from emulator.lambda_.runtime_api import MAX_RESPONSE, InitFailed
from emulator.lambda_.session import DeadlinePassed, Ended, OutOfMemory


class ErrorType(StrEnum):
    """`errorType` of the failures below."""

    EXIT = "Runtime.ExitError"
    OUT_OF_MEMORY = "Runtime.OutOfMemory"
    TIMEOUT = "Sandbox.Timedout"
    RESPONSE_SIZE = "Function.ResponseSizeTooLarge"
    UNKNOWN = "Runtime.Unknown"


@dataclass(frozen=True)
class Fault:
    """Why there is no answer of the handler's: what the caller and the log are told.

    `told` is the runtime's own description, where it gave one before it ended.
    """

    error_type: str
    message: str
    status: Status = Status.ERROR
    told: bytes = b""

    @property
    def reported_type(self) -> str:
        """The error type in the REPORT line; a timeout has a status of its own instead."""
        return "" if self.status is Status.TIMEOUT else self.error_type

    def payload(self, request_id: str) -> bytes:
        """The answer to the caller."""
        if self.told:
            return _with_request_id(self.told, request_id)
        by_platform = self.error_type == ErrorType.RESPONSE_SIZE
        message = self.message if by_platform else f"RequestId: {request_id} Error: {self.message}"
        return json.dumps({"errorType": self.error_type, "errorMessage": message}).encode()


RESPONSE_TOO_LARGE = Fault(
    ErrorType.RESPONSE_SIZE,
    f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE} bytes).",
)


def fault_of(outcome: Ended | InitFailed, timeout_s: float) -> Fault:
    """The fault of a process that ended, or had to be ended, without an answer."""
    match outcome:
        case InitFailed(payload):
            return Fault(_error_type(payload), "", told=payload)
        case DeadlinePassed():
            return Fault(ErrorType.TIMEOUT, f"Task timed out after {timeout_s:.2f} seconds", Status.TIMEOUT)
        case OutOfMemory():
            return Fault(ErrorType.OUT_OF_MEMORY, "Runtime exited with error: signal: killed")
        case _:
            return Fault(ErrorType.EXIT, exit_reason(outcome.status))


def _error_type(told: bytes) -> str:
    try:
        return str(parsed(told)["errorType"])
    except (ValueError, TypeError, KeyError):
        return ErrorType.UNKNOWN


def _with_request_id(told: bytes, request_id: str) -> bytes:
    """The runtime does not know for which request it was started."""
    try:
        return json.dumps({**parsed(told), "requestId": request_id}).encode()
    except (ValueError, TypeError):
        return told
