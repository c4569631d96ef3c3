"""What CreateDeliveryStream and UpdateDestination ask for, checked by AWS's rules.

Raises LocalStack's exceptions with AWS's codes and, where they are known, AWS's texts.
Source: the Firehose API reference.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.api.firehose import InvalidArgumentException

from wavetank.emulator.firehose.constraints import message, violations
from wavetank.emulator.firehose.core.destinations import Configuration, Kind
from wavetank.emulator.firehose.hose import DIRECT_PUT, FROM_KINESIS
from wavetank.emulator.firehose.suites import is_lenient

LOG = logging.getLogger(__name__)

BATCH_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Creation:
    """A valid CreateDeliveryStream request, apart from the destination's own rules."""

    config: Configuration
    source_config: dict[str, Any] | None


def check(context: RequestContext, request: Mapping[str, Any]) -> None:
    """Refuse what breaks the constraints of the API model, with a ValidationException."""
    shape, checked = context.operation.input_shape, _with_https(request)
    found = violations(shape, checked)
    if found and is_lenient():
        strict, found = found, violations(shape, checked, patterns=False)
        if not found:
            LOG.warning("taken, and refused by AWS: %s", message(strict))
    if found:
        raise CommonServiceException("ValidationException", message(found), status_code=400, sender_fault=True)


def creation(request: Mapping[str, Any]) -> Creation:
    """The destination and the source of a request."""
    kind, fields = _only_destination(request, "Configuration")
    return Creation(Configuration(kind, fields), _source(request))


def update(request: Mapping[str, Any]) -> tuple[Kind, dict[str, Any]]:
    """The change that an UpdateDestination request asks for, and of which kind of destination."""
    return _only_destination(request, "Update")


def _with_https(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The request as its constraints are for AWS, which takes https alone; where http is taken is checked later."""
    for name in (f"{Kind.HTTP_ENDPOINT.value}Configuration", f"{Kind.HTTP_ENDPOINT.value}Update"):
        destination = request.get(name) or {}
        endpoint = destination.get("EndpointConfiguration") or {}
        if str(endpoint.get("Url")).startswith("http://"):
            secure = {**endpoint, "Url": "https" + endpoint["Url"].removeprefix("http")}
            request = {**request, name: {**destination, "EndpointConfiguration": secure}}
    return request


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


def _source(request: Mapping[str, Any]) -> dict[str, Any] | None:
    kind = request.get("DeliveryStreamType") or DIRECT_PUT
    config = request.get("KinesisStreamSourceConfiguration")
    if kind not in (DIRECT_PUT, FROM_KINESIS):
        raise InvalidArgumentException(
            f"DeliveryStreamType {kind} is not supported by this emulator; "
            f"supported are {DIRECT_PUT} and {FROM_KINESIS}"
        )
    if kind == FROM_KINESIS and not config:
        raise InvalidArgumentException("KinesisSourceStreamConfig is required for KinesisStreamAsSource stream type")
    if kind == DIRECT_PUT and config:
        raise InvalidArgumentException(
            "KinesisSourceStreamConfig is only applicable for KinesisStreamAsSource stream type"
        )
    return dict(config) if config else None
