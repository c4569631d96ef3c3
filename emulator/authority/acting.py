"""Services that act by a role: the clients they act with, and what they check when they are told to.

A service that is given a role takes it (sts:AssumeRole, which the role's trust has to allow) and calls others with its
credentials. Some look at once whether the role will do, and refuse what it would not do for.
Sources: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html (permissions), with-sqs.html and
kinesis-on-failure-destination.html beside it, https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from localstack.aws.connect import connect_to

from wavetank.emulator.authority.callers import context_of, service
from wavetank.emulator.authority.judgement import SWITCH, refusal, trust_refusal
from wavetank.emulator.authority.ownership import OWNERSHIP, Owned
from wavetank.emulator.authority.policy import Caller
from wavetank.emulator.authority.requests import Call, Right
from wavetank.emulator.authority.stored import role_of_function

READ_STREAM = ("GetRecords", "GetShardIterator", "DescribeStream")
READ_QUEUE = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
SOURCE_OF_FIREHOSE = ("DescribeStream",)


@cache
def _session_client(service_name: str, principal: str, role: str, source: str, region: str, config: Any) -> Any:
    _arn, _partition, _iam, _region, account, _name = role.split(":", 5)
    sts = connect_to(aws_access_key_id=account, region_name=region).sts
    acting = sts.request_metadata(service_principal=principal, source_arn=source)
    given = acting.assume_role(RoleArn=role, RoleSessionName=_session_name(source))["Credentials"]
    clients = connect_to(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        region_name=region,
        config=config,
    )
    return clients.get_client(service_name)


def client_by_role(
    service_name: str, principal: str, *, role: str, source: str, region: str, config: Any = None
) -> Any | None:
    """The client that the service `principal` has by a role for its resource `source`; None for a role not governed.

    Raises ClientError where the service may not take the role.
    """
    if not role or not OWNERSHIP.governs(Owned.of_arn(role, "")):
        return None
    return _session_client(service_name, principal, role, source, region, config)


class Unfit(Exception):
    """A role will not do for a service; the message is that of the service, `code` the error."""

    def __init__(self, code: str, message: str, detail: str = "") -> None:
        super().__init__(f"{message} ({detail or SWITCH})")
        self.code = code


def check(call: Call) -> None:
    """Check the roles that a call gives a service to act by. Raises Unfit."""
    find = CHECKS.get((call.service, call.operation))
    if find is not None:
        find(call)


def _check_function(call: Call) -> None:
    if role := call.get("Role"):
        arn = call.arn(f"function:{call.get('FunctionName').rpartition(':')[2]}")
        _check_trust(call, "lambda", role, arn, "The role defined for the function cannot be assumed by Lambda.")


def _check_mapping(call: Call) -> None:
    name = call.get("FunctionName")
    function = name if name.startswith("arn:") else call.arn(f"function:{name.rpartition(':function:')[2] or name}")
    role, source = role_of_function(function) if name else "", call.get("EventSourceArn")
    if not role or not OWNERSHIP.governs(Owned.of_arn(role, call.account)):
        return
    session = _session(role, function)
    for wanted, message in _of_mapping(call, source):
        if detail := refusal(session, wanted, context_of(session, "")):
            raise Unfit("InvalidParameterValueException", message, detail)


def _of_mapping(call: Call, source: str) -> Iterator[tuple[list[Right], str]]:
    """What a mapping's role needs, and what Lambda says of a role that has it not."""
    if ":kinesis:" in source:
        stream = source.partition("/consumer/")[0]
        wanted = [*(Right(f"kinesis:{name}", stream) for name in READ_STREAM), Right("kinesis:ListStreams", "*")]
        yield (
            wanted,
            f"Cannot access stream {source}. Please ensure the role can perform the GetRecords, GetShardIterator, "
            "DescribeStream, and ListStreams Actions on your stream in IAM.",
        )
    if ":sqs:" in source:
        for name in READ_QUEUE:
            message = f"The provided execution role does not have permissions to call {name} on SQS"
            yield [Right(f"sqs:{name}", source)], message
    failures = (call.parameters.get("DestinationConfig") or {}).get("OnFailure") or {}
    destination = str(failures.get("Destination") or "")
    if ":s3:::" in destination:
        yield (
            [Right("s3:ListBucket", destination)],
            "The provided execution role does not have permissions to call ListBucket on S3",
        )


def _check_delivery_stream(call: Call) -> None:
    arn = call.arn(f"deliverystream/{call.get('DeliveryStreamName')}")
    source = call.parameters.get("KinesisStreamSourceConfiguration") or {}
    configurations = [
        source,
        *(call.parameters.get(f"{kind}S3DestinationConfiguration") or {} for kind in ("Extended", "")),
    ]
    for role in dict.fromkeys(str(each["RoleARN"]) for each in configurations if each.get("RoleARN")):
        message = f"Firehose is unable to assume role {role}. Please check the role provided."
        _check_trust(call, "firehose", role, arn, message, code="InvalidArgumentException")
    role, stream = str(source.get("RoleARN") or ""), str(source.get("KinesisStreamARN") or "")
    if role and OWNERSHIP.governs(Owned.of_arn(role, call.account)):
        session = _session(role, arn)
        wanted = [Right(f"kinesis:{name}", stream) for name in SOURCE_OF_FIREHOSE]
        if detail := refusal(session, wanted, context_of(session, "")):
            message = f"Role {role} is not authorized to perform: kinesis:DescribeStream on resource {stream}."
            raise Unfit("InvalidArgumentException", message, detail)


def _check_trust(
    call: Call, principal: str, role: str, source: str, message: str, *, code: str = "InvalidParameterValueException"
) -> None:
    caller = service(principal, source, call.account)
    if detail := trust_refusal(caller, Owned.of_arn(role, call.account), context_of(caller, source)):
        raise Unfit(code, message, detail)


def _session(role: str, source: str) -> Caller:
    """The session that a service would have by a role for a resource."""
    _arn, partition, _iam, _region, account, name = role.split(":", 5)
    return Caller.of_session(partition, account, name.rpartition("/")[2], _session_name(source))


def _session_name(source: str) -> str:
    """The name of the session that a service has for a resource: that of the resource."""
    return source.rpartition("/")[2].rpartition(":")[2]


CHECKS: dict[tuple[str, str], Callable[[Call], None]] = {
    ("lambda", "CreateFunction"): _check_function,
    ("lambda", "UpdateFunctionConfiguration"): _check_function,
    ("lambda", "CreateEventSourceMapping"): _check_mapping,
    ("firehose", "CreateDeliveryStream"): _check_delivery_stream,
}
"""The calls that give a service a role, and what the service looks at."""
