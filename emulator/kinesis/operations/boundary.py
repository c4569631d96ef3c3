"""The boundary of the API: requests become calls of the model, and its results and errors AWS's answers."""

import base64
import functools
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, cast

import cbor2
from localstack.aws.api import CommonServiceException, RequestContext
from localstack.http import Response

from wavetank.emulator.kinesis.errors import InvalidArgument, KinesisError
from wavetank.emulator.kinesis.model.stream import Stream
from wavetank.emulator.kinesis.store import Region, stream_with_arn
from wavetank.emulator.kinesis.validation import check
from wavetank.emulator.runtime.clock import CLOCK

type Answer = dict[str, Any]

EPOCH_TAG = 1
"""RFC 8949: an epoch-based time."""


def operation[M: Callable[..., Answer | None]](method: M) -> M:
    """Check the request against the API's constraints, run it, and give answers and errors their AWS shape."""
    return operation_checking("")(method)


def operation_checking[M: Callable[..., Answer | None]](member: str) -> Callable[[M], M]:
    """An operation that checks the constraints of one big `member` by itself, faster."""

    def decorate(method: M) -> M:
        @functools.wraps(method)
        def run(self: object, context: RequestContext, **parameters: object) -> Response | None:
            answer = _run(method, self, context, parameters, leave=member)
            return on_the_wire(context, answer) if answer else None

        return cast(M, run)

    return decorate


def streaming_operation[M: Callable[..., Answer]](method: M) -> M:
    """An operation that answers with an event stream, which LocalStack encodes."""

    @functools.wraps(method)
    def run(self: object, context: RequestContext, **parameters: object) -> Answer | None:
        return _run(method, self, context, parameters)

    return cast(M, run)


def _run(
    method: Callable[..., Answer | None],
    provider: object,
    context: RequestContext,
    parameters: Mapping[str, object],
    leave: str = "",
) -> Answer | None:
    try:
        check(context.operation.input_shape, context.service_request or {}, leave=leave)
        return method(provider, context, **parameters)
    except KinesisError as error:
        raise CommonServiceException(error.code, error.message, 400) from error


def on_the_wire(context: RequestContext, answer: Answer) -> Response:
    """An answer in the client's protocol; many times faster for records than LocalStack's walk of the shapes."""
    if speaks_cbor(context):
        body, content_type = cbor2.dumps(with_times_tagged(answer, cbor2.CBORTag)), context.request.mimetype
    else:
        body, content_type = json.dumps(answer, default=_plain).encode(), "application/x-amz-json-1.1"
    context.service_response = answer
    return Response(body, 200, {"Content-Type": content_type, "x-amzn-RequestId": context.request_id})


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"{type(value).__name__} has no place in an answer")


def now_ms() -> int:
    """Emulator time in milliseconds since the epoch."""
    return int(CLOCK.now() * 1000)


def when(time_ms: int) -> datetime:
    """A time of the model (milliseconds since the epoch) as the API gives it."""
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def region_of(context: RequestContext) -> Region:
    """The account and region that a request is made to."""
    return Region(context.account_id, context.region)


def named_stream(context: RequestContext, name: str | None, arn: str | None) -> Stream:
    """The stream that a request names, by ARN or by name; raises InvalidArgument, ResourceNotFound."""
    if arn:
        return stream_with_arn(arn)
    if name:
        return region_of(context).find(name)
    raise InvalidArgument("Either StreamName or StreamARN should be provided.")


def check_token_alone(**selectors: object) -> None:
    """Raise InvalidArgument for any selector beside a NextToken, which holds them all (API Reference, ListShards)."""
    given = [name for name, value in selectors.items() if value is not None]
    if given:
        raise InvalidArgument(f"NextToken and {', '.join(given)} cannot be provided together.")


def speaks_cbor(context: RequestContext) -> bool:
    """Whether the client sent, and so expects, CBOR (AWS SDK for Java, KCL)."""
    return bool(context.request.mimetype.startswith("application/x-amz-cbor"))


def with_times_tagged(answer: Any, tag: Callable[[int, Any], object]) -> Any:
    """An answer with its times as AWS sends them in CBOR: tag 1, though of whole milliseconds, not of seconds.

    `tag` makes a tagged value for the encoder at hand.
    """
    if isinstance(answer, datetime):
        return tag(EPOCH_TAG, round(answer.timestamp() * 1000))
    if isinstance(answer, Mapping):
        return {key: with_times_tagged(value, tag) for key, value in answer.items()}
    if isinstance(answer, list):
        return [with_times_tagged(value, tag) for value in answer]
    return answer


def sent_time_ms(context: RequestContext, parsed: datetime | None, *path: str) -> int | None:
    """A time parameter in milliseconds: LocalStack's JSON parser drops the fraction that clients send."""
    if parsed is None:
        return None
    if not speaks_cbor(context):
        value = functools.reduce(lambda body, key: body[key], path, context.request.get_json(force=True))
        if isinstance(value, int | float):
            return round(value * 1000)
    return round(parsed.timestamp() * 1000)
