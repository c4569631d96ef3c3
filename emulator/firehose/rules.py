"""The rules of AWS for a request: the constraints of the API's model, and those of destinations and sources.

Raises LocalStack's exceptions with AWS's codes and, where they are known, AWS's texts. Patterns with Unicode classes
are left out (Python has none).
Sources: the Firehose API reference; the `min`, `max`, `pattern`, `enum` and `required` traits of the service model, and
the texts of AWS's ValidationException.
"""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.api.firehose import InvalidArgumentException

from wavetank.emulator.firehose.core.destinations import Configuration, Kind
from wavetank.emulator.firehose.delivery_stream import DIRECT_PUT, FROM_KINESIS, is_lenient

LOG = logging.getLogger(__name__)

BATCH_BYTES = 4 * 1024 * 1024


class Shape(Protocol):
    """The part of a botocore shape that is read here; structures have `members`, lists a `member`."""

    @property
    def type_name(self) -> str:
        """`structure`, `list`, `string`, …"""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The constraints."""


@dataclass(frozen=True)
class Creation:
    """A valid CreateDeliveryStream request, apart from the destination's own rules."""

    config: Configuration
    source_config: dict[str, Any] | None


def check(context: RequestContext, request: Mapping[str, Any]) -> None:
    """Refuse a request that breaks a constraint of the API's model, with a ValidationException."""
    shape, checked = context.operation.input_shape, request
    # AWS's constraint allows https alone; http endpoints are checked later.
    for name in (f"{Kind.HTTP_ENDPOINT.value}Configuration", f"{Kind.HTTP_ENDPOINT.value}Update"):
        destination = request.get(name) or {}
        endpoint = destination.get("EndpointConfiguration") or {}
        if str(endpoint.get("Url")).startswith("http://"):
            secure = {**endpoint, "Url": "https" + endpoint["Url"].removeprefix("http")}
            checked = {**checked, name: {**destination, "EndpointConfiguration": secure}}
    broken = violations(shape, checked)
    if broken and is_lenient():
        strict, broken = broken, violations(shape, checked, patterns=False)
        if not broken:
            LOG.warning("taken, and refused by AWS: %s", message(strict))
    if broken:
        raise CommonServiceException("ValidationException", message(broken), status_code=400, sender_fault=True)


def creation(request: Mapping[str, Any]) -> Creation:
    """The destination and the source of a request."""
    kind, fields = _only_destination(request, "Configuration")
    source_kind = request.get("DeliveryStreamType") or DIRECT_PUT
    source_config = request.get("KinesisStreamSourceConfiguration")
    if source_kind not in (DIRECT_PUT, FROM_KINESIS):
        raise InvalidArgumentException(
            f"DeliveryStreamType {source_kind} is not supported by this emulator; "
            f"supported are {DIRECT_PUT} and {FROM_KINESIS}"
        )
    if source_kind == FROM_KINESIS and not source_config:
        raise InvalidArgumentException("KinesisSourceStreamConfig is required for KinesisStreamAsSource stream type")
    if source_kind == DIRECT_PUT and source_config:
        raise InvalidArgumentException(
            "KinesisSourceStreamConfig is only applicable for KinesisStreamAsSource stream type"
        )
    return Creation(Configuration(kind, fields), dict(source_config) if source_config else None)


def update(request: Mapping[str, Any]) -> tuple[Kind, dict[str, Any]]:
    """The change that an UpdateDestination request asks for, and of which kind of destination."""
    return _only_destination(request, "Update")


def check_batch(sizes: list[int]) -> None:
    """Refuse a batch that is too large as a whole."""
    if sum(sizes) > BATCH_BYTES:
        raise InvalidArgumentException("Records size exceeds 4 MB limit")


def _only_destination(request: Mapping[str, Any], suffix: str) -> tuple[Kind, dict[str, Any]]:
    given = [
        name.removesuffix(suffix)
        for name, value in request.items()
        if name.endswith(f"Destination{suffix}") and value is not None
    ]
    if len(given) != 1:
        raise InvalidArgumentException("Exactly one destination configuration is supported for a Firehose")
    kinds = [kind.value for kind in Kind]
    if given[0] not in kinds:
        supported = ", ".join(f"{kind}{suffix}" for kind in kinds)
        raise InvalidArgumentException(
            f"{given[0]}{suffix} is not supported by this emulator; supported are {supported}"
        )
    return Kind(given[0]), dict(request[given[0] + suffix])


def violations(shape: Shape, value: object, path: str = "", *, patterns: bool = True) -> list[str]:
    """AWS's text for every broken constraint of `value`, with or without patterns; empty when there is none."""
    return list(_violations(shape, value, path, patterns=patterns))


def message(broken: Sequence[str]) -> str:
    """The text of the ValidationException for these violations."""
    noun = "error" if len(broken) == 1 else "errors"
    return f"{len(broken)} validation {noun} detected: {'; '.join(broken)}"


def _violations(shape: Any, value: object, path: str, *, patterns: bool) -> Iterator[str]:
    match shape.type_name:
        case "structure" if isinstance(value, Mapping):
            for name, member in shape.members.items():
                inner = f"{path}.{name[0].lower()}{name[1:]}".lstrip(".")
                if value.get(name) is not None:
                    yield from _violations(member, value[name], inner, patterns=patterns)
                elif name in shape.metadata.get("required", ()):
                    yield f"Value null at '{inner}' failed to satisfy constraint: Member must not be null"
        case "list" if isinstance(value, Sequence):
            yield from _out_of_bounds(shape, len(value), "length", value=value, path=path)
            for number, item in enumerate(value, start=1):
                yield from _violations(shape.member, item, f"{path}.{number}.member", patterns=patterns)
        case "string" if isinstance(value, str):
            yield from _out_of_bounds(shape, len(value), "length", value=value, path=path)
            pattern = shape.metadata.get("pattern", "") if patterns else ""
            if pattern and "\\p{" not in pattern and not re.fullmatch(pattern, value, re.DOTALL):
                yield _broken(value, path, f"satisfy regular expression pattern: {pattern}")
            allowed = shape.metadata.get("enum")
            if allowed and value not in allowed:
                yield _broken(value, path, f"satisfy enum value set: [{', '.join(allowed)}]")
        case "blob" if isinstance(value, bytes):
            yield from _out_of_bounds(shape, len(value), "length", value="java.nio.HeapByteBuffer", path=path)
        case "integer" | "long" if isinstance(value, int):
            yield from _out_of_bounds(shape, value, "value", value=value, path=path)


def _out_of_bounds(shape: Shape, measure: int, noun: str, *, value: object, path: str) -> Iterator[str]:
    if measure < shape.metadata.get("min", measure):
        yield _broken(value, path, f"have {noun} greater than or equal to {shape.metadata['min']}")
    if measure > shape.metadata.get("max", measure):
        yield _broken(value, path, f"have {noun} less than or equal to {shape.metadata['max']}")


def _broken(value: object, path: str, rule: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: Member must {rule}"
