"""The rights that a call needs: its actions, and the resource of each. Pure.

Source: the "Actions, resources, and condition keys" page of each service in
https://docs.aws.amazon.com/service-authorization/latest/reference/; for S3, what each operation needs is in
https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote

EVERYTHING = "*"
"""The resource of an action that is not about one."""


class Right(NamedTuple):
    """An action on a resource, which is an ARN or `*`."""

    action: str
    resource: str


@dataclass(frozen=True)
class Call:
    """A call of an AWS service, with its parameters.

    stream_of: the ARN of the stream that a shard iterator or a token of ListShards reads, empty for what is none.
    secret_of: the ARN of a secret by its name, empty where there is none.
    is_tagged: whether an object, by bucket and key, has tags.
    """

    service: str
    operation: str
    parameters: Mapping[str, Any]
    account: str
    region: str
    partition: str = "aws"
    stream_of: Callable[[str], str] = field(default=lambda _token: "", compare=False)
    secret_of: Callable[[str], str] = field(default=lambda _name: "", compare=False)
    is_tagged: Callable[[str, str], bool] = field(default=lambda _bucket, _key: False, compare=False)

    def get(self, *names: str) -> str:
        """The first of these parameters that is given; empty where none is."""
        return next((str(self.parameters[name]) for name in names if self.parameters.get(name)), "")

    def arn(self, name: str, service: str = "") -> str:
        """The ARN of a resource of this account and region; what is an ARN already stays."""
        if name.startswith("arn:"):
            return name
        return f"arn:{self.partition}:{service or self.service}:{self.region}:{self.account}:{name}"


def rights(call: Call) -> list[Right]:
    """The rights that a call needs, all of them."""
    if call.service == "s3":
        return list(_of_s3(call))
    service, operation = PREFIXES.get(call.service, call.service), call.operation
    action = ACTIONS.get((service, operation), operation.removesuffix("Batch") if service in BATCHES else operation)
    find = RESOURCES.get(service)
    return [Right(f"{service}:{action}", (find(call) if find is not None else "") or EVERYTHING)]


PREFIXES = {"resourcegroupstaggingapi": "tag", "stepfunctions": "states"}
"""The prefix of a service's actions, where it is not its name."""

BATCHES = frozenset({"sns", "sqs"})
"""Services whose batches need the right to do one."""

ACTIONS = {
    ("lambda", "Invoke"): "InvokeFunction",
    ("lambda", "InvokeWithResponseStream"): "InvokeFunction",
    ("lambda", "InvokeAsync"): "InvokeFunction",
    ("lambda", "GetLayerVersionByArn"): "GetLayerVersion",
}
"""Actions that are not called as their operation is."""


def _kinesis(call: Call) -> str:
    if arn := call.get("StreamARN", "ConsumerARN", "ResourceARN"):
        return arn
    if token := call.get("ShardIterator", "NextToken"):
        return call.stream_of(token)
    name = call.get("StreamName")
    return call.arn(f"stream/{name}") if name else ""


def _firehose(call: Call) -> str:
    name = call.get("DeliveryStreamName")
    return call.arn(f"deliverystream/{name}") if name else ""


def _lambda(call: Call) -> str:
    name = call.get("FunctionName")
    if not name:
        return call.get("Resource")
    if name.startswith("arn:"):
        return name
    # 123456789012:function:name, name:alias or name
    name = name.partition(":function:")[2] or name
    qualifier = call.get("Qualifier")
    return call.arn(f"function:{name}" + (f":{qualifier}" if qualifier else ""))


def _sns(call: Call) -> str:
    return call.get("TopicArn", "TargetArn", "ResourceArn") or (call.arn(name) if (name := call.get("Name")) else "")


def _sqs(call: Call) -> str:
    *_, owner, name = ("", *call.get("QueueUrl").split("/"))
    owner, name = (owner, name) if name else (call.get("QueueOwnerAWSAccountId"), call.get("QueueName"))
    if not name:
        return call.get("SourceArn")
    return f"arn:{call.partition}:sqs:{call.region}:{owner or call.account}:{name}"


def _logs(call: Call) -> str:
    group = call.get("logGroupName")
    if not group:
        return call.get("logGroupIdentifier", "resourceArn")
    stream = call.get("logStreamName")
    if stream and call.operation in ("PutLogEvents", "GetLogEvents", "DeleteLogStream"):
        return call.arn(f"log-group:{group}:log-stream:{stream}")
    of_group = call.operation in ("CreateLogGroup", "DeleteLogGroup", "PutRetentionPolicy", "DescribeLogGroups")
    return call.arn(f"log-group:{group}" + ("" if of_group else ":*"))


def _events(call: Call) -> str:
    if call.operation == "PutEvents":
        buses = {str(entry.get("EventBusName") or "default") for entry in call.parameters.get("Entries") or ()}
        bus = sorted(buses)[0] if buses else "default"
        return call.arn(f"event-bus/{bus}")
    name, bus = call.get("Rule", "Name"), call.get("EventBusName")
    return call.arn("rule/" + (f"{bus}/" if bus and bus != "default" else "") + name) if name else ""


def _ssm(call: Call) -> str:
    name = call.get("Name")
    return call.arn(f"parameter/{name.lstrip('/')}") if name else ""


def _secrets(call: Call) -> str:
    """The ARN of a secret ends with a hyphen and six random characters, for which these stand where it is not there."""
    name = call.get("SecretId", "Name")
    if not name:
        return ""
    return name if name.startswith("arn:") else call.secret_of(name) or call.arn(f"secret:{name}-000000")


def _iam(call: Call) -> str:
    name = call.get("RoleName")
    return f"arn:{call.partition}:iam::{call.account}:role/{name}" if name else ""


def _cloudwatch(call: Call) -> str:
    name = call.get("AlarmName")
    return call.arn(f"alarm:{name}") if name else ""


RESOURCES: Mapping[str, Callable[[Call], str]] = {
    "kinesis": _kinesis,
    "firehose": _firehose,
    "lambda": _lambda,
    "sns": _sns,
    "sqs": _sqs,
    "logs": _logs,
    "events": _events,
    "secretsmanager": _secrets,
    "ssm": _ssm,
    "iam": _iam,
    "cloudwatch": _cloudwatch,
    "sts": lambda call: call.get("RoleArn"),
    "states": lambda call: call.get("stateMachineArn", "executionArn", "resourceArn"),
    "cloudformation": lambda call: call.arn(f"stack/{name}/*") if (name := call.get("StackName")) else "",
}
"""How the resource of a call is found; of a service that is not here, every action is on `*`."""

S3_ACTIONS = {
    "CompleteMultipartUpload": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
}
"""Actions of S3 that are not called as their operation is."""

S3_OF_VERSIONS = frozenset(
    {"DeleteObject", "DeleteObjectTagging", "GetObject", "GetObjectAcl", "GetObjectTagging", "PutObjectTagging"}
)
"""Actions that are others for a version of an object: `GetObjectVersion`, `GetObjectVersionTagging`."""


def _of_s3(call: Call) -> Iterator[Right]:
    bucket, key, operation = call.get("Bucket"), call.get("Key"), call.operation
    if operation == "DeleteObjects":
        for entry in (call.parameters.get("Delete") or {}).get("Objects") or ():
            action = "DeleteObjectVersion" if entry.get("VersionId") else "DeleteObject"
            yield _on_object(call, action, bucket, entry.get("Key") or "")
        return
    if operation in ("CopyObject", "UploadPartCopy"):
        yield from _of_copy(call)
        return
    action = S3_ACTIONS.get(operation, operation)
    if not key:
        arn = f"arn:{call.partition}:s3:::{bucket}"
        yield Right(f"s3:{action}", arn if bucket and action != "ListAllMyBuckets" else EVERYTHING)
        return
    if call.get("VersionId") and action in S3_OF_VERSIONS:
        action = action.replace("Object", "ObjectVersion", 1)
    yield _on_object(call, action, bucket, key)
    yield from _besides(call, bucket, key)


def _of_copy(call: Call) -> Iterator[Right]:
    bucket, key = call.get("Bucket"), call.get("Key")
    source, _, version = call.get("CopySource").partition("?versionId=")
    from_bucket, _, from_key = unquote(source).lstrip("/").partition("/")
    yield _on_object(call, "GetObjectVersion" if version else "GetObject", from_bucket, from_key)
    yield _on_object(call, "PutObject", bucket, key)
    if call.operation == "CopyObject" and call.get("TaggingDirective") != "REPLACE":
        if call.is_tagged(from_bucket, from_key):
            yield _on_object(call, "GetObjectVersionTagging" if version else "GetObjectTagging", from_bucket, from_key)
            yield _on_object(call, "PutObjectTagging", bucket, key)
        return
    yield from _besides(call, bucket, key)


def _besides(call: Call, bucket: str, key: str) -> Iterator[Right]:
    """What an object's writer does besides: it tags, says who may read, or compares with what is there."""
    if call.operation in ("PutObject", "CreateMultipartUpload", "CopyObject"):
        if call.get("Tagging"):
            yield _on_object(call, "PutObjectTagging", bucket, key)
        if call.get("ACL", "GrantRead", "GrantFullControl"):
            yield _on_object(call, "PutObjectAcl", bucket, key)
    if call.operation in ("PutObject", "CompleteMultipartUpload") and call.get("IfMatch"):
        yield _on_object(call, "GetObject", bucket, key)


def _on_object(call: Call, action: str, bucket: str, key: str) -> Right:
    return Right(f"s3:{action}", f"arn:{call.partition}:s3:::{bucket}/{key}")
