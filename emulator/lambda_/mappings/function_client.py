"""Invokes the function of a mapping through the Lambda API, in memory."""

from botocore.exceptions import ClientError

from wavetank.emulator.lambda_.mappings.internal_client import internal_client
from wavetank.emulator.lambda_.mappings.stream.core.response import Answer, Failed, Refused, Reply
from wavetank.emulator.lambda_.service.request_checks import WRITTEN_HERE

_TOO_LARGE = 413


class FunctionClient:
    """One function, version or alias."""

    def __init__(self, function_arn: str) -> None:
        _, _, _, region, account, _ = function_arn.split(":", 5)
        self._arn = function_arn
        self._client = internal_client("lambda", account, region)

    def call(self, event: str) -> Answer | Failed | Refused:
        """Hand an event to the function, wait for it, and say how it went; raises nothing."""
        token = WRITTEN_HERE.set(True)
        try:
            answer = self._client.invoke(
                FunctionName=self._arn, InvocationType="RequestResponse", Payload=event.encode()
            )
            payload = answer["Payload"].read()
        except ClientError as error:
            return _not_invoked(error)
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


def _not_invoked(error: ClientError) -> Failed | Refused:
    """Throttles and service errors pass; an event that is too large will never fit and counts as a failure."""
    metadata = error.response.get("ResponseMetadata", {})
    status = metadata.get("HTTPStatusCode", 500)
    if status == _TOO_LARGE:
        return Failed(Reply(metadata.get("RequestId", ""), status, function_error="Unhandled"), str(error))
    return Refused(str(error))
