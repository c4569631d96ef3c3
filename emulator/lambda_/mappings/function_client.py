"""Clients of LocalStack's own services for event source mappings, and of the function of a mapping.

They call the gateway in this process, without a socket in between (IN_MEMORY_CLIENT, in
`emulator.stack.environment`): a batch is up to 6 MB of JSON and a read up to 10 MB, whose transport would cost more
than the work.
"""

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError
from localstack.aws.connect import connect_to

from wavetank.emulator.authority.acting import client_by_role
from wavetank.emulator.lambda_.mappings.stream.core.response import Answer, Failed, Refused, Reply
from wavetank.emulator.lambda_.service.request_checks import WRITTEN_HERE

CONFIG = Config(
    # One call is one attempt: retries are the mapping's own.
    retries={"total_max_attempts": 1},
    # Told apart by this from the clients that LocalStack shares, which stay as they are.
    user_agent_extra="event-source-mapping",
)

PRINCIPAL = "lambda"
_TOO_LARGE = 413


@cache
def internal_client(service: str, account: str, region: str) -> Any:
    """The client of a service for event source mappings in an account and region; safe to share between threads."""
    return connect_to(aws_access_key_id=account, region_name=region, config=CONFIG).get_client(service)._client


def acting_client(service: str, role: str, function_arn: str, *, account: str, region: str) -> Any:
    """The client with which Lambda acts by the role of a mapping's function; its own where the role is not governed.

    Raises ClientError where Lambda may not take the role.
    """
    client = client_by_role(service, PRINCIPAL, role=role, source=function_arn, region=region, config=CONFIG)
    return internal_client(service, account, region) if client is None else client._client


class FunctionClient:
    """The function of a mapping, one version or alias of it, invoked through the Lambda API."""

    def __init__(self, function_arn: str) -> None:
        _, _, _, region, account, _ = function_arn.split(":", 5)
        self._arn = function_arn
        self._client = internal_client("lambda", account, region)

    def call(self, event: str) -> Answer | Failed | Refused:
        """Hand an event to the function, wait for it, and say how it went; raises nothing.

        Throttles and service errors pass; an event that is too large will never fit and counts as a failure.
        """
        token = WRITTEN_HERE.set(True)
        try:
            answer = self._client.invoke(
                FunctionName=self._arn, InvocationType="RequestResponse", Payload=event.encode()
            )
            payload = answer["Payload"].read()
        except ClientError as error:
            metadata = error.response.get("ResponseMetadata", {})
            status = metadata.get("HTTPStatusCode", 500)
            if status == _TOO_LARGE:
                return Failed(Reply(metadata.get("RequestId", ""), status, function_error="Unhandled"), str(error))
            return Refused(str(error))
        except Exception as error:
            return Refused(f"{type(error).__name__}: {error}")
        finally:
            WRITTEN_HERE.reset(token)
        reply = Reply(
            request_id=answer["ResponseMetadata"].get("RequestId", ""),
            status_code=answer["StatusCode"],
            executed_version=answer.get("ExecutedVersion", "$LATEST"),
            function_error=answer.get("FunctionError"),
        )
        return Answer(reply, payload)
