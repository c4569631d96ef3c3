"""What a row says, and what rows are made of.

Sources: the CloudFormation resource reference, where each property says "Update requires", and the API reference of
each service for what a property is that nobody gives.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.parity.cloudformation_kit import resource
from wavetank.emulator.stack.stack import EmbeddedStack

type Properties = Mapping[str, Any]
type Describe = Callable[[EmbeddedStack, str], Properties]

ACCOUNT, REGION = "000000000000", "us-east-1"
TAGS = ([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}], [{"Key": "b", "Value": "3"}])
NUMBERS = ("one", "two", "three", "four", "five", "six")
SOURCE = "def handle(event, context):\n    return {!r}\n"


class Given(dict[str, Any]):
    """Several properties that change together."""


@dataclass(frozen=True)
class Place:
    """What the rows need to know of what is there already."""

    prefix: str
    policed: list[str]
    layers: list[str]
    signing: list[str]


@dataclass(frozen=True)
class Row:
    """One resource: properties that it always has, and some that are changed and then removed.

    `replaced` are create-only properties, each with two values, which may bring others along: a resource of its own is
    made for each.
    """

    type: str
    describe: Describe
    always: Properties = field(default_factory=dict)
    first: Properties = field(default_factory=dict)
    second: Properties = field(default_factory=dict)
    third: Properties = field(default_factory=dict)
    default: Properties = field(default_factory=dict)
    """What the service says once the resource has only the properties of `third`."""
    replaced: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    @property
    def properties(self) -> set[str]:
        """Every property that this row tries."""
        together = {
            name for pair in self.replaced.values() for value in pair if isinstance(value, Given) for name in value
        }
        return {*self.always, *self.first, *self.second, *self.replaced, *together}


def arn(service: str, name: str) -> str:
    """The ARN of something in the stack's account and region."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"


def tags(entries: Any) -> list[dict[str, str]]:
    """Tags in the order of their keys."""
    pairs = entries.items() if isinstance(entries, dict) else ((tag["Key"], tag["Value"]) for tag in entries)
    return [{"Key": key, "Value": value} for key, value in sorted(pairs)]


def allow(action: str, of: str = "*", **more: Any) -> dict[str, Any]:
    """A policy document with one statement."""
    statement = {"Effect": "Allow", "Action": action, "Resource": of, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def trust(service: str) -> dict[str, Any]:
    """The trust of a role."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": f"{service}.amazonaws.com"}}
    return {"Version": "2012-10-17", "Statement": [statement]}


def support(prefix: str) -> dict[str, Any]:
    """What the resources under test refer to, by names."""
    function = {
        "Runtime": "python3.13",
        "Handler": "index.handle",
        "Role": f"arn:aws:iam::{ACCOUNT}:role/{prefix}-role",
    }
    resources = {
        "Role": resource("IAM::Role", {"RoleName": f"{prefix}-role", "AssumeRolePolicyDocument": trust("lambda")}),
        "Source": resource("Kinesis::Stream", {"Name": f"{prefix}-source"}),
        "Other": resource("Kinesis::Stream", {"Name": f"{prefix}-other"}),
        "Target": resource("S3::Bucket", {"BucketName": f"{prefix}-target"}),
        "Backup": resource("S3::Bucket", {"BucketName": f"{prefix}-backup"}),
    }
    for number in (1, 2):
        resources[f"LogGroup{number}"] = resource("Logs::LogGroup", {"LogGroupName": f"/{prefix}/filtered-{number}"})
    for name in ("one", "two"):
        resources[f"Queue{name}"] = resource("SQS::Queue", {"QueueName": f"{prefix}-{name}"})
        resources[f"Topic{name}"] = resource("SNS::Topic", {"TopicName": f"{prefix}-{name}"})
    for name in NUMBERS:
        named = {"FunctionName": f"{prefix}-{name}", "Code": {"ZipFile": SOURCE.format(name)}}
        resources[f"Function{name}"] = resource("Lambda::Function", function | named)
    return resources
