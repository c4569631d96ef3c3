"""Lines as functions log them, put into CloudWatch Logs by tests."""

import json
import uuid
from contextlib import suppress
from typing import Any

from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline.names import log_group


def put_lines(stack: Stack, function: str, *messages: str, age_s: float = 0.0) -> None:
    """Put lines into the log of a function, in a log stream of their own, a millisecond apart.

    Their times are the stack's, as those of functions are: its clock may have been moved on by the tests before.
    """
    logs, stream = stack.client("logs"), f"test/{uuid.uuid4()}"
    where = {"logGroupName": log_group(function), "logStreamName": stream}
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=log_group(function))
    logs.create_log_stream(**where)
    begun_ms = int((stack.control.now() - age_s) * 1000)
    events = [{"timestamp": begun_ms + number, "message": message} for number, message in enumerate(messages)]
    logs.put_log_events(**where, logEvents=events)


def invocation(function: str, event_type: str, request: str, **fields: Any) -> str:
    """A function's line about a piece of work that it has done."""
    head = {"level": "INFO", "message": "invocation", "logger": "wavetank", "requestId": request}
    return json.dumps(head | {"function": function, "event_type": event_type} | fields)
