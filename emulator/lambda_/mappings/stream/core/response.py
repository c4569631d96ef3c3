"""The outcome of a batch, from the answer of its function.

Source: AWS developer guide, "Configuring partial batch response with Kinesis Data Streams and Lambda".
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from wavetank.emulator.lambda_.mappings.stream.core.event import Record


@dataclass(frozen=True)
class Reply:
    """The facts of an invocation that has ended; `function_error` is `Unhandled` where the function failed."""

    request_id: str
    status_code: int = 200
    executed_version: str = "$LATEST"
    function_error: str | None = None


@dataclass(frozen=True)
class Answer:
    """An invocation that has ended, and what the function answered."""

    reply: Reply
    payload: bytes


@dataclass(frozen=True)
class Succeeded:
    """The whole batch is done."""

    reply: Reply


@dataclass(frozen=True)
class Partly:
    """The records before index `done` are done; the one at `done` has failed, and those behind it wait for it."""

    reply: Reply
    done: int


@dataclass(frozen=True)
class Failed:
    """The function ran, or could not take this event, and failed: a retry is spent."""

    reply: Reply
    error: str


@dataclass(frozen=True)
class Refused:
    """The function was not invoked (throttled, not ready, a service error): no retry is spent."""

    error: str


Outcome = Succeeded | Partly | Failed | Refused


def judge(reply: Reply, payload: bytes, records: Sequence[Record], reports_item_failures: bool) -> Outcome:
    """The outcome of an invocation that ended: null and empty answers are success, ill-formed ones are failure.

    Of several failed items the one with the lowest sequence number counts. Without ReportBatchItemFailures
    what the function answers does not matter.
    """
    if reply.function_error is not None:
        try:
            error = json.loads(payload)
            return Failed(reply, f"{error.get('errorType', 'Error')}: {error.get('errorMessage', '')}")
        except (ValueError, AttributeError, RecursionError):
            return Failed(reply, _shortened(payload) or "the function failed")
    if not reports_item_failures:
        return Succeeded(reply)
    try:
        failed = failed_items(payload)
    except (ValueError, RecursionError) as error:
        return Failed(reply, str(error))
    if not failed:
        return Succeeded(reply)
    places = {record.sequence: index for index, record in enumerate(records)}
    unknown = [item for item in failed if item not in places]
    if unknown:
        return Failed(reply, f"itemIdentifier {unknown[0]!r} is not in the batch")
    return Partly(reply, min(places[item] for item in failed))


def failed_items(payload: bytes) -> list[str]:
    """The identifiers that a function reports, none for an empty answer. Raises ValueError for an ill-formed one."""
    if not payload.strip():
        return []
    try:
        response = json.loads(payload)
    except (ValueError, RecursionError):
        raise ValueError(f"the response is not JSON: {_shortened(payload)}") from None
    if not response:
        return []
    if not isinstance(response, dict):
        raise ValueError(f"the response is not an object: {_shortened(payload)}")
    items = response.get("batchItemFailures")
    if not items:
        return []
    if not isinstance(items, list):
        raise ValueError(f"batchItemFailures is not a list: {_shortened(payload)}")
    identifiers: list[str] = []
    for item in items:
        identifier = item.get("itemIdentifier") if isinstance(item, dict) else None
        if not isinstance(identifier, str) or not identifier:
            raise ValueError(f"a batch item failure without a valid itemIdentifier: {json.dumps(item)}")
        identifiers.append(identifier)
    return identifiers


def _shortened(payload: bytes, length: int = 200) -> str:
    return payload[:length].decode("utf-8", "replace")
