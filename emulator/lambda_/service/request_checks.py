"""Checks of requests before a function sees them: no event that is too large or no JSON, no context that is none.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/API_Invoke.html,
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

import base64
import json
from contextvars import ContextVar
from enum import StrEnum

from localstack.aws.api.lambda_ import InvalidRequestContentException, RequestTooLargeException

from wavetank.emulator.runtime.json_text import parsed

MAX_REQUEST = 6 * 1024 * 1024
"""Bytes of an event whose answer is waited for."""

MAX_ASYNCHRONOUS = 1024 * 1024
"""Bytes of an event that is queued (256 KB until October 2025)."""


WRITTEN_HERE: ContextVar[bool] = ContextVar("an event that is JSON because the emulator wrote it", default=False)
"""Set around an invocation by an event source mapping: to read 6 MB again costs as much as to hand them over."""


class InvocationType(StrEnum):
    """The ways in which a function is invoked."""

    SYNCHRONOUS = "RequestResponse"
    ASYNCHRONOUS = "Event"
    DRY_RUN = "DryRun"


def check_event(payload: bytes | None, invocation_type: str | None) -> None:
    """Raise `RequestTooLargeException` or `InvalidRequestContentException`, in AWS's words."""
    if not payload:
        return
    if invocation_type == InvocationType.ASYNCHRONOUS and len(payload) > MAX_ASYNCHRONOUS:
        size = f"{len(payload)} byte payload is too large for the Event invocation type"
        raise RequestTooLargeException(f"{size} (limit {MAX_ASYNCHRONOUS} bytes)", Type="User")
    if len(payload) > MAX_REQUEST:
        message = f"Request must be smaller than {MAX_REQUEST} bytes for the InvokeFunction operation"
        raise RequestTooLargeException(message, Type="User")
    if WRITTEN_HERE.get():
        return
    try:
        parsed(payload)
    except ValueError as error:
        message = f"Could not parse request body into json: Could not parse payload into json: {error}"
        raise InvalidRequestContentException(message, Type="User") from error


def client_context(encoded: str | None) -> str:
    """The JSON of a client context, which callers send in Base64; empty for none.

    Raises `InvalidRequestContentException`.
    """
    if not encoded:
        return ""
    try:
        return json.dumps(parsed(base64.b64decode(encoded, validate=True)))
    except ValueError as error:
        message = "Client context must be a valid Base64-encoded JSON object."
        raise InvalidRequestContentException(message, Type="User") from error
