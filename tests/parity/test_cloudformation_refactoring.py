"""Stack refactoring: resources move between stacks as they are, or nothing happens and it is said why.

Rules from the CloudFormation user guide, "Stack refactoring".
"""

import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.parity.cloudformation_kit import Formation, resource
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack


class Refactoring:
    """Two stacks, of which the first holds a stream, a topic and a parameter; the second is not there yet."""

    def __init__(self, stack: EmbeddedStack) -> None:
        self.stack = stack
        self.api = stack.client("cloudformation")
        name = f"refactor-{uuid.uuid4().hex[:8]}"
        self.source, self.target = Formation(stack, f"{name}-a"), Formation(stack, f"{name}-b")
        self.stream = resource("Kinesis::Stream", {"Name": f"{name}-stream", "ShardCount": 2})
        self.topic = resource("SNS::Topic", {"TopicName": f"{name}-topic", "DisplayName": {"Ref": "Display"}})
        self.queue = resource("SQS::Queue", {"QueueName": {"Fn::Sub": "${Stream}-queue"}})
        self.parameters = {"Display": {"Type": "String", "Default": "shown"}}
        self.resources = {"Stream": self.stream, "Topic": self.topic, "Queue": self.queue}
        self.api.create_stack(StackName=self.source.name, TemplateBody=self.template(self.resources, self.parameters))
        assert self.source.ended() == "CREATE_COMPLETE"

    @staticmethod
    def template(resources: Mapping[str, Any], parameters: Mapping[str, Any] | None = None) -> str:
        sections = {"Parameters": parameters} if parameters else {}
        return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources, **sections})

    def create(self, source: Mapping[str, Any], target: Mapping[str, Any], **options: Any) -> dict[str, Any]:
        """A refactor to these resources, as it is described."""
        target_parameters = options.pop("parameters", None)
        options = {"EnableStackCreation": True, **options}
        self.id = self.api.create_stack_refactor(
            StackDefinitions=[
                {"StackName": self.source.name, "TemplateBody": self.template(source, self.parameters)},
                {"StackName": self.target.name, "TemplateBody": self.template(target, target_parameters)},
            ],
            **options,
        )["StackRefactorId"]
        return dict(self.api.describe_stack_refactor(StackRefactorId=self.id))

    def execute(self) -> str:
        self.api.execute_stack_refactor(StackRefactorId=self.id)
        return str(self.api.describe_stack_refactor(StackRefactorId=self.id)["ExecutionStatus"])

    @property
    def remaining(self) -> dict[str, Any]:
        """What stays when the stream goes: its references to it written out."""
        queue = resource("SQS::Queue", {"QueueName": f"{self.stream['Properties']['Name']}-queue"})
        return {"Topic": self.topic, "Queue": queue}

    def delete(self) -> None:
        for formation in (self.source, self.target):
            self.api.delete_stack(StackName=formation.name)


@pytest.fixture
def refactoring(stack: EmbeddedStack) -> Iterator[Refactoring]:
    own = Refactoring(stack)
    yield own
    own.delete()


@pytest.fixture(scope="module")
def unmoved(stack: EmbeddedStack) -> Iterator[Refactoring]:
    """The same for those who change nothing."""
    shared = Refactoring(stack)
    yield shared
    shared.delete()


def test_a_stream_with_records_moves_to_a_new_stack_and_is_the_same(refactoring: Refactoring) -> None:
    kinesis, name = refactoring.stack.client("kinesis"), refactoring.stream["Properties"]["Name"]
    kinesis.put_record(StreamName=name, Data=b"kept", PartitionKey="k")
    before = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    described = refactoring.create(refactoring.remaining, {"Stream": refactoring.stream})
    assert (described["Status"], described["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert refactoring.source.physical().keys() == {"Stream", "Topic", "Queue"}
    assert refactoring.execute() == "EXECUTE_COMPLETE"
    assert refactoring.source.physical().keys() == {"Topic", "Queue"}
    assert refactoring.target.physical() == {"Stream": name}
    assert kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"] == before
    assert refactoring.source.statuses("Stream")[-2:] == ["EXPORT_IN_PROGRESS", "EXPORT_COMPLETE"]
    assert refactoring.target.statuses("Stream") == ["IMPORT_IN_PROGRESS", "IMPORT_COMPLETE"]
    for formation in (refactoring.source, refactoring.target):
        assert formation.drifts() == {}


def test_both_stacks_are_updated_and_deleted_afterwards_as_any_other(refactoring: Refactoring) -> None:
    refactoring.create(refactoring.remaining, {"Stream": refactoring.stream})
    refactoring.execute()
    larger = resource("Kinesis::Stream", {**refactoring.stream["Properties"], "ShardCount": 3})
    assert refactoring.target.update({"Stream": larger}) == "UPDATE_COMPLETE"
    assert refactoring.target.statuses("Stream")[-2:] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    with pytest.raises(ClientError, match="No updates are to be performed"):
        refactoring.target.update({"Stream": larger})
    assert refactoring.source.delete() == "DELETE_COMPLETE"
    kinesis, name = refactoring.stack.client("kinesis"), refactoring.stream["Properties"]["Name"]
    assert kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["OpenShardCount"] == 3
    assert refactoring.target.delete() == "DELETE_COMPLETE"
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
        kinesis.describe_stream_summary(StreamName=name)


def test_a_resource_is_renamed_where_the_caller_maps_it(refactoring: Refactoring) -> None:
    described = refactoring.create(refactoring.remaining, {"Moved": refactoring.stream})
    assert described["Status"] == "CREATE_FAILED"
    places = [
        {"StackName": refactoring.source.name, "LogicalResourceId": "Stream"},
        {"StackName": refactoring.target.name, "LogicalResourceId": "Moved"},
    ]
    mappings = [dict(zip(("Source", "Destination"), places, strict=True))]
    refactoring.create(refactoring.remaining, {"Moved": refactoring.stream}, ResourceMappings=mappings)
    actions = refactoring.api.list_stack_refactor_actions(StackRefactorId=refactoring.id)["StackRefactorActions"]
    assert [(each["Action"], each["Entity"]) for each in actions] == [("CREATE", "STACK"), ("MOVE", "RESOURCE")]
    assert actions[1]["Detection"] == "MANUAL"
    assert refactoring.execute() == "EXECUTE_COMPLETE"
    assert refactoring.target.physical() == {"Moved": refactoring.stream["Properties"]["Name"]}


def other(refactoring: Refactoring, **properties: Any) -> dict[str, Any]:
    return resource("Kinesis::Stream", {**refactoring.stream["Properties"], **properties})


type Templates = tuple[Mapping[str, Any], Mapping[str, Any], dict[str, Any]]
"""The resources of both stacks as they are to be, and further options."""

REFUSALS: dict[str, tuple[Callable[[Refactoring], Templates], str]] = {
    "a changed property": (
        lambda it: (it.remaining, {"Stream": other(it, ShardCount=3)}, {}),
        "does not modify resources: Stream of .*: ShardCount",
    ),
    "a changed property of what stays": (
        lambda it: (it.remaining | {"Topic": resource("SNS::Topic", {"TopicName": "x"})}, {"Stream": it.stream}, {}),
        "does not modify resources: Topic of .*DisplayName, TopicName",
    ),
    "a deletion policy": (
        lambda it: (it.remaining, {"Stream": {**it.stream, "DeletionPolicy": "Retain"}}, {}),
        "Stream of .*: its DeletionPolicy differs",
    ),
    "a new resource": (
        lambda it: (it.remaining, {"Stream": it.stream, "More": resource("SNS::Topic", {})}, {}),
        "does not create resources: More of",
    ),
    "a missing resource": (
        lambda it: ({"Topic": it.topic}, {"Stream": it.stream}, {}),
        "does not delete resources: Queue of",
    ),
    "a new parameter": (
        lambda it: (
            it.remaining,
            {"Stream": it.stream},
            {"parameters": {"Size": {"Type": "Number", "Default": 1}}},
        ),
        "does not change Parameters of",
    ),
    "a reference that leads nowhere": (
        lambda it: ({"Topic": it.topic, "Queue": it.queue}, {"Stream": it.stream}, {}),
        "there is no Stream",
    ),
    "nothing that moves": (lambda it: (it.resources, {}, {}), "would be empty"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_no_mere_move_is_refused_with_the_reason_and_nothing_happens(unmoved: Refactoring, name: str) -> None:
    made, reason = REFUSALS[name]
    source, target, options = made(unmoved)
    described = unmoved.create(source, target, **options)
    assert (described["Status"], described["ExecutionStatus"]) == ("CREATE_FAILED", "UNAVAILABLE")
    assert re.search(reason, described["StatusReason"]), described["StatusReason"]
    with pytest.raises(ClientError, match="UNAVAILABLE"):
        unmoved.execute()
    assert unmoved.source.physical().keys() == {"Stream", "Topic", "Queue"}


def test_a_resource_that_cannot_be_updated_cannot_be_moved(stack: EmbeddedStack) -> None:
    name = f"refactor-{uuid.uuid4().hex[:8]}"
    source, api = Formation(stack, f"{name}-a"), stack.client("cloudformation")
    topic = resource("SNS::Topic", {"TopicName": name})
    handle = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    assert source.create({"Topic": topic, "Handle": handle}) == "CREATE_COMPLETE"
    refactor = api.create_stack_refactor(
        StackDefinitions=[
            {"StackName": source.name, "TemplateBody": Refactoring.template({"Topic": topic})},
            {"StackName": f"{name}-b", "TemplateBody": Refactoring.template({"Handle": handle})},
        ],
        EnableStackCreation=True,
    )["StackRefactorId"]
    described = api.describe_stack_refactor(StackRefactorId=refactor)
    assert "Handle: resources of type AWS::CloudFormation::WaitConditionHandle are not" in described["StatusReason"]
    source.delete()


def test_a_stack_is_made_only_where_that_is_asked_for_and_a_refactor_is_of_two_to_five(unmoved: Refactoring) -> None:
    refactoring = unmoved
    with pytest.raises(ClientError, match=r"Stack \[.*-b\] does not exist"):
        refactoring.create(refactoring.remaining, {"Stream": refactoring.stream}, EnableStackCreation=False)
    body = refactoring.template(refactoring.resources)
    for count in (1, 6):
        definitions = [{"StackName": f"{refactoring.source.name}-{n}", "TemplateBody": body} for n in range(count)]
        with pytest.raises(ClientError, match="of 2 to 5 stacks"):
            refactoring.api.create_stack_refactor(StackDefinitions=definitions, EnableStackCreation=True)
    with pytest.raises(ClientError, match="does not exist"):
        refactoring.api.describe_stack_refactor(StackRefactorId="none")


def test_a_refactor_is_obsolete_once_a_stack_has_changed_and_is_executed_once(refactoring: Refactoring) -> None:
    refactoring.create(refactoring.remaining, {"Stream": refactoring.stream})
    body = refactoring.template({**refactoring.resources, "More": resource("SNS::Topic", {})}, refactoring.parameters)
    refactoring.api.update_stack(StackName=refactoring.source.name, TemplateBody=body)
    assert refactoring.source.ended() == "UPDATE_COMPLETE"
    with pytest.raises(ClientError, match="has changed"):
        refactoring.execute()
    listed = refactoring.api.list_stack_refactors(ExecutionStatusFilter=["OBSOLETE"])["StackRefactorSummaries"]
    assert refactoring.id in {each["StackRefactorId"] for each in listed}
