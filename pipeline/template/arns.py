"""ARNs and names of resources, as texts of `Fn::Sub`, by the name that a template gives them.

So a resource can be referred to from a stack that it is not in. Formats: service authorization reference, "Resource
types defined by …".
"""

from collections.abc import Mapping
from typing import Any

from wavetank.pipeline.errors import ConfigurationError

_NAMED = {
    "AWS::Events::Rule": ("events", "rule/", "Name"),
    "AWS::Kinesis::Stream": ("kinesis", "stream/", "Name"),
    "AWS::KinesisFirehose::DeliveryStream": ("firehose", "deliverystream/", "DeliveryStreamName"),
    "AWS::Lambda::Function": ("lambda", "function:", "FunctionName"),
    "AWS::S3::Bucket": ("s3", "", "BucketName"),
    "AWS::SNS::Topic": ("sns", "", "TopicName"),
    "AWS::SQS::Queue": ("sqs", "", "QueueName"),
}
"""Type → service, what comes before the name in an ARN, and the property with the name."""
_REFERRED_TO_BY_NAME = frozenset(
    {
        "AWS::Events::Rule",
        "AWS::Kinesis::Stream",
        "AWS::KinesisFirehose::DeliveryStream",
        "AWS::Lambda::Function",
        "AWS::S3::Bucket",
    }
)
"""Types whose `Ref` is the name (CloudFormation template reference, "Return values")."""


def has_arn(resource: Mapping[str, Any]) -> bool:
    """Whether the ARN of a resource follows from its name."""
    kind = resource["Type"]
    return kind in _NAMED and _NAMED[kind][2] in resource["Properties"]


def arn(logical_id: str, resource: Mapping[str, Any]) -> str:
    """The ARN of a resource. Raises ConfigurationError for one whose template gives it no name."""
    if not has_arn(resource):
        raise ConfigurationError(f"{logical_id} ({resource['Type']}) is referred to from another stack without a name")
    service, kind, _ = _NAMED[resource["Type"]]
    place = ":" if service == "s3" else "${AWS::Region}:${AWS::AccountId}"
    return f"arn:${{AWS::Partition}}:{service}:{place}:{kind}{_name(resource)}"


def reference(logical_id: str, resource: Mapping[str, Any]) -> str:
    """The value of `Ref` for a resource. Raises ConfigurationError for one that does not follow from its name."""
    kind = resource["Type"]
    if kind == "AWS::SNS::Topic":
        return arn(logical_id, resource)
    if kind not in _REFERRED_TO_BY_NAME or not has_arn(resource):
        raise ConfigurationError(f"{logical_id} ({kind}) has no id that another stack could refer to")
    return _name(resource)


def _name(resource: Mapping[str, Any]) -> str:
    name = resource["Properties"][_NAMED[resource["Type"]][2]]
    return str(name["Fn::Sub"] if isinstance(name, Mapping) else name)
