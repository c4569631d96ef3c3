"""Who makes a call, as policies see it: a session of a role, or a service; and the context of the call."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header

from wavetank.emulator.authority.conditions import ARN_PARTS, Context
from wavetank.emulator.authority.ownership import Owned
from wavetank.emulator.authority.policy import Caller
from wavetank.emulator.authority.stored import owner_of_bucket, session_of
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.stack.environment import ACTING_FOR

SERVICE_SUFFIX = ".amazonaws.com"
SOURCE_OWNERS = frozenset({"cloudwatch.amazonaws.com"})
"""Services whose calls have the older key by which the policy that a topic has by default lets its account publish.

Source: Amazon SNS Developer Guide, "Example cases for Amazon SNS access control", `aws:SourceOwner`.
"""

_TEMPORARY = "SIA"
"""The second to fourth letter of temporary keys: ASIA on AWS, LSIA in LocalStack."""

_S3_HEADERS = {
    "s3:x-amz-acl": "ACL",
    "s3:x-amz-server-side-encryption": "ServerSideEncryption",
    "s3:x-amz-storage-class": "StorageClass",
    "s3:if-match": "IfMatch",
    "s3:if-none-match": "IfNoneMatch",
    "s3:prefix": "Prefix",
    "s3:delimiter": "Delimiter",
    "s3:max-keys": "MaxKeys",
    "s3:versionid": "VersionId",
}
"""The keys of S3's conditions that are parameters of a call."""


def session(context: Any) -> Caller | None:
    """The session of a role that signed a call; None for everybody else."""
    key = extract_access_key_id_from_auth_header(context.request.headers) or ""
    if context.service.service_name == "s3" and b"X-Amz-Credential" in context.request.query_string:
        credential = parse_qs(context.request.query_string.decode()).get("X-Amz-Credential", [""])[0]
        key = credential.partition("/")[0]
    return session_of(key) if key[1:4] == _TEMPORARY else None


def acting_service(context: Any) -> tuple[Caller, str] | None:
    """The service that makes a call, and the ARN of the resource for which it does; None for everybody else."""
    given: Mapping[str, Any] = context.internal_request_params or {}
    principal, source = given.get("service_principal"), given.get("source_arn") or ""
    if not principal and context.service.service_name == "lambda":
        # A tick that is sent by hand is sent in the name of its rule.
        principal, _, source = (context.request.headers.get(ACTING_FOR) or "").partition(" ")
    if not principal:
        return None
    account = context.account_id
    if not source and (role := (context.service_request or {}).get("RoleArn")):
        # A service takes a role of the account that it acts for; LocalStack's Lambda does so from the default account.
        account = Owned.of_arn(role, account).account
    return service(principal, source, account), source


def service(principal: str, source: str, account: str) -> Caller:
    """A service by the first part of its principal, acting for the account of a resource, or else for `account`."""
    parts = source.split(":", ARN_PARTS - 1)
    if len(parts) == ARN_PARTS:
        _arn, _partition, kind, _region, owner, rest = parts
        account = owner or (owner_of_bucket(rest.partition("/")[0], account) if kind == "s3" else account)
    return Caller((f"{principal}{SERVICE_SUFFIX}",), account, is_service=True)


def context_of(caller: Caller, source: str, *, call: Any = None) -> Context:
    """The context in which policies judge: of the caller, of the time, and of `call`, a request in LocalStack's chain.

    Connections count as encrypted: the one to a stack stands in for one to AWS.
    """
    now = CLOCK.now()
    values: dict[str, tuple[str, ...]] = {
        "aws:currenttime": (datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),),
        "aws:epochtime": (str(int(now)),),
        "aws:securetransport": ("true",),
        "aws:principalisawsservice": (str(caller.is_service).lower(),),
    }
    if caller.is_service:
        values["aws:principalservicename"] = caller.names
        values["aws:sourceaccount"] = (caller.account,)
        if not SOURCE_OWNERS.isdisjoint(caller.names):
            values["aws:sourceowner"] = (caller.account,)
        if source:
            values["aws:sourcearn"] = (source,)
    else:
        values["aws:principalarn"] = (caller.names[1],)
        values["aws:principalaccount"] = (caller.account,)
        values["aws:principaltype"] = ("AssumedRole",)
        values["aws:sourceip"] = ("127.0.0.1",)
    if call is not None:
        values["aws:requestedregion"] = (call.region,)
        if call.service.service_name == "s3":
            values |= _of_s3(call.service_request or {})
    return values


def _of_s3(parameters: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    values: dict[str, tuple[str, ...]]
    values = {key: (str(parameters[name]),) for key, name in _S3_HEADERS.items() if parameters.get(name) is not None}
    tags = parse_qs(str(parameters.get("Tagging") or "")) if isinstance(parameters.get("Tagging"), str) else {}
    if isinstance(parameters.get("Tagging"), Mapping):
        tags = {tag["Key"]: [tag.get("Value") or ""] for tag in parameters["Tagging"].get("TagSet") or ()}
    for key, texts in tags.items():
        values[f"s3:requestobjecttag/{key.lower()}"] = (texts[0],)
    if tags:
        values["s3:requestobjecttagkeys"] = tuple(tags)
    return values
