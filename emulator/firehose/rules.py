"""What CreateDeliveryStream and UpdateDestination ask for, checked by AWS's rules.

Raises LocalStack's exceptions with AWS's codes and, where they are known, AWS's texts.
Source: the Firehose API reference.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.api.firehose import InvalidArgumentException

from emulator.firehose.constraints import message, violations
from emulator.firehose.hose import DIRECT_PUT, FROM_KINESIS

EXTENDED_S3, PLAIN_S3 = "ExtendedS3Destination", "S3Destination"
BATCH_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class Creation:
    """A valid CreateDeliveryStream request, apart from the destination's own rules."""

    config: dict[str, Any]
    extended: bool
    source_config: dict[str, Any] | None


def check(context: RequestContext, request: Mapping[str, Any]) -> None:
    """Refuse what breaks the constraints of the API model, with a ValidationException."""
    found = violations(context.operation.input_shape, request)
    if found:
        raise CommonServiceException("ValidationException", message(found), status_code=400, sender_fault=True)


def creation(request: Mapping[str, Any]) -> Creation:
    """The destination and the source of a request."""
    extended, config = _only_destination(request, "Configuration")
    return Creation(config, extended, _source(request))


def update(request: Mapping[str, Any]) -> dict[str, Any]:
    """The change that an UpdateDestination request asks for."""
    return _only_destination(request, "Update")[1]


def check_batch(sizes: list[int]) -> None:
    """Refuse a batch that is too large as a whole."""
    if sum(sizes) > BATCH_BYTES:
        raise InvalidArgumentException("Records size exceeds 4 MB limit")


def _only_destination(request: Mapping[str, Any], suffix: str) -> tuple[bool, dict[str, Any]]:
    given = [
        name.removesuffix(suffix)
        for name, value in request.items()
        if name.endswith(f"Destination{suffix}") and value is not None
    ]
    if len(given) != 1:
        raise InvalidArgumentException("Exactly one destination configuration is supported for a Firehose")
    if given[0] not in (EXTENDED_S3, PLAIN_S3):
        raise InvalidArgumentException(
            f"{given[0]}{suffix} is not supported by this emulator; "
            f"supported are {EXTENDED_S3}{suffix} and {PLAIN_S3}{suffix}"
        )
    return given[0] == EXTENDED_S3, dict(request[given[0] + suffix])


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
