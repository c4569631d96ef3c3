"""The clients that delivery streams have of other services, S3 and Lambda, inside LocalStack."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from localstack.aws.connect import connect_to

from wavetank.emulator.authority.acting import client_by_role
from wavetank.emulator.firehose.core.processing import InvocationError
from wavetank.emulator.firehose.core.settings import S3Target
from wavetank.emulator.firehose.delivery import S3Error
from wavetank.emulator.runtime.json_text import parsed

PRINCIPAL = "firehose"
CONFIG = Config(user_agent_extra="delivery-stream")
"""Told apart by this, whatever role they act by."""
_TIMED_OUT = "Sandbox.Timedout"
_CODES = {
    "AccessDeniedException": "Lambda.InvokeAccessDenied",
    "ResourceNotFoundException": "Lambda.ResourceNotFound",
    "TooManyRequestsException": "Lambda.InvokeLimitExceeded",
}
"""Error code of Lambda's Invoke → what Firehose calls it (monitoring-with-cloudwatch-logs.html of its guide)."""


@dataclass(frozen=True)
class Identity:
    """The caller: a delivery stream of an account and region."""

    arn: str
    account: str
    region: str


def client_for(service: str, arn: str, caller: Identity, *, role: str = "") -> Any:
    """The client of a service in the account and region of the resource `arn`, which acts by a governed role.

    Raises ClientError where Firehose may not take that role.
    """
    _, _, _, region, account, *_ = arn.split(":")
    region = region or caller.region
    acting = client_by_role(service, PRINCIPAL, role=role, source=caller.arn, region=region, config=CONFIG)
    if acting is not None:
        return acting
    own = _own_client(service, account or caller.account, region)
    return own.request_metadata(source_arn=caller.arn, service_principal=PRINCIPAL)


@cache
def _own_client(service: str, account: str, region: str) -> Any:
    """The client of a service that acts by no role. LocalStack keeps none that has a configuration of its own."""
    return connect_to(aws_access_key_id=account, region_name=region, config=CONFIG).get_client(service)


class Bucket:
    """Objects in S3, as the delivery stream writes them."""

    def __init__(self, caller: Identity) -> None:
        self._caller = caller

    def put(self, target: S3Target, key: str, body: bytes) -> None:
        """Write an object; raises S3Error when S3 does not take it, whatever the reason."""
        encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": target.kms_key} if target.kms_key else {}
        try:
            s3 = client_for("s3", f"arn:aws:s3:::{target.bucket}", self._caller, role=target.role)
            s3.put_object(Bucket=target.bucket, Key=key, Body=body, **encryption)
        except (ClientError, BotoCoreError) as error:
            raise S3Error(str(error)) from error


class Function:
    """The transformation function, as the delivery stream calls it."""

    def __init__(self, caller: Identity, source_arn: str | None) -> None:
        self._caller = caller
        self._source_arn = source_arn

    def __call__(self, function_arn: str, records: Sequence[dict[str, Any]]) -> Any:
        """Invoke with Firehose's event and return the answer, any JSON; raises InvocationError."""
        event: dict[str, Any] = {
            "invocationId": str(uuid.uuid4()),
            "deliveryStreamArn": self._caller.arn,
            "region": self._caller.region,
            "records": list(records),
        }
        if self._source_arn:
            event["sourceKinesisStreamArn"] = self._source_arn
        try:
            answer = client_for("lambda", function_arn, self._caller).invoke(
                FunctionName=function_arn, Payload=json.dumps(event).encode()
            )
            payload = answer["Payload"].read()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise InvocationError(_CODES.get(code, f"Lambda.{code}"), error.response["Error"]["Message"]) from error
        except BotoCoreError as error:
            raise InvocationError("Lambda.InvokeFailed", str(error)) from error
        if answer.get("FunctionError"):
            raise _failure(payload)
        try:
            return parsed(payload)
        except ValueError as error:
            raise InvocationError(
                "Lambda.JsonProcessingException",
                "There was an error parsing returned records from the Lambda function. "
                "Ensure that the returned records follow the status model required by Firehose.",
                retriable=False,
            ) from error


def _failure(payload: bytes) -> InvocationError:
    """The error for a function that failed: Firehose tells a time-out from all other errors, and no more."""
    try:
        error_type = parsed(payload)["errorType"]
    except (ValueError, TypeError, KeyError):
        error_type = ""
    if error_type == _TIMED_OUT:
        return InvocationError(
            "Lambda.FunctionTimedOut",
            "The Lambda function invocation timed out. Increase the Timeout setting in the Lambda function.",
        )
    return InvocationError(
        "Lambda.FunctionError", "The Lambda function was successfully invoked but it returned an error result."
    )
