"""The place where policies count: in LocalStack's chain of handlers, before a call reaches its service.

Looked at are calls with the credentials of a governed role, those of services to governed resources, and those that
give a service a role. A call that is refused never took effect, and the error is that of its service.
Source of the errors: the "Common Errors" page of each service's API reference, and
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html for their wording.
"""

from functools import partial
from typing import Any

from localstack.aws import handlers
from localstack.aws.api import CommonServiceException

from wavetank.emulator.authority import acting
from wavetank.emulator.authority.callers import acting_service, context_of, session
from wavetank.emulator.authority.judgement import refusal
from wavetank.emulator.authority.ownership import OWNERSHIP, Owned
from wavetank.emulator.authority.policy import Caller
from wavetank.emulator.authority.requests import EVERYTHING, Call, Right, rights
from wavetank.emulator.authority.stored import has_object, is_tagged, role_of, secret_of
from wavetank.emulator.authority.streams import stream_of

CODES = {
    "cloudwatch": ("AccessDenied", 403),
    "cloudformation": ("AccessDenied", 403),
    "iam": ("AccessDenied", 403),
    "lambda": ("AccessDeniedException", 403),
    "s3": ("AccessDenied", 403),
    "sns": ("AuthorizationError", 403),
    "sqs": ("AccessDenied", 403),
    "sts": ("AccessDenied", 403),
}
"""Error code and HTTP status of a refusal, by service."""
OTHERWISE = ("AccessDeniedException", 400)
"""Those of services that speak JSON."""

READS_OF_OBJECTS = frozenset({"GetObject", "HeadObject", "GetObjectTagging", "GetObjectAttributes"})
"""Operations that are refused for an object that is not there, to whoever may not list: whether it is, is secret."""

BY_RESOURCE = frozenset(
    f"{name}.amazonaws.com" for name in ("cloudwatch", "events", "lambda.alarms.cloudwatch", "s3", "sns")
)
"""Services that call others by the policies of these, without a role."""

INTERNAL_SESSION = "session-"
"""LocalStack's own sessions of a function's role, which name no function: what they are for was checked before."""


def install() -> None:
    """Let policies count from now on."""
    handlers.serve_custom_service_request_handlers.append(_before)


def uninstall() -> None:
    """Let them count no more; harmless where they do not."""
    chain = handlers.serve_custom_service_request_handlers
    if _before in chain.handlers:
        chain.remove(_before)


def _before(_chain: Any, context: Any, _response: Any) -> None:
    if context.operation is None or not OWNERSHIP.any:
        return
    call = _call(context)
    if (caller := session(context)) is not None:
        if OWNERSHIP.governs(role_of(caller)):
            _judge(caller, rights(call), "", context)
            _keep_secret(caller, call, context)
    elif (acting_for := acting_service(context)) is not None:
        service, source = acting_for
        if _is_by_resource(service, call):
            _judge(service, [right for right in rights(call) if _is_governed(right, call)], source, context)
    try:
        acting.check(call)
    except acting.Unfit as error:
        raise _error(error.code, str(error), status=400, sender_fault=True) from error


def _is_by_resource(service: Caller, call: Call) -> bool:
    """Whether the policy of the resource says what a service may do; others act by roles, which they have to take."""
    if call.operation == "AssumeRole":
        return not call.get("RoleSessionName").startswith(INTERNAL_SESSION)
    return not BY_RESOURCE.isdisjoint(service.names)


def _judge(caller: Caller, wanted: list[Right], source: str, context: Any) -> None:
    if wanted and (text := refusal(caller, wanted, context_of(caller, source, call=context))):
        raise _denied(context, text)


def _keep_secret(session: Caller, call: Call, context: Any) -> None:
    """Refuse a read of an object that is not there to a role that may not list the bucket."""
    if call.service != "s3" or call.operation not in READS_OF_OBJECTS:
        return
    bucket = call.get("Bucket")
    if not has_object(call.account, bucket, call.get("Key")):
        _judge(session, [Right("s3:ListBucket", f"arn:{call.partition}:s3:::{bucket}")], "", context)


def _is_governed(right: Right, call: Call) -> bool:
    return right.resource != EVERYTHING and OWNERSHIP.governs(Owned.of_arn(right.resource, call.account))


def _call(context: Any) -> Call:
    return Call(
        service=context.service.service_name,
        operation=context.operation.name,
        parameters=context.service_request or {},
        account=context.account_id,
        region=context.region or "us-east-1",
        partition=context.partition,
        stream_of=stream_of,
        secret_of=partial(secret_of, context.account_id, context.region or "us-east-1"),
        is_tagged=partial(is_tagged, context.account_id),
    )


def _denied(context: Any, text: str) -> CommonServiceException:
    code, status = CODES.get(context.service.service_name, OTHERWISE)
    return _error(code, text, status=status, sender_fault=context.protocol != "rest-xml")


def _error(code: str, text: str, *, status: int, sender_fault: bool) -> CommonServiceException:
    """The error of a service. Some protocols send the name of the class, which has to be that of a real error."""
    error: CommonServiceException = type(code, (CommonServiceException,), {})(
        code, text, status_code=status, sender_fault=sender_fault
    )
    return error
