"""Resource import: a stack takes over resources as they are, or nothing happens and it is said why.

Rules from the CloudFormation user guide, "Import AWS resources into a CloudFormation stack".
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.parity.cloudformation_kit import Formation, resource
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack


class Importing:
    """A log group that no stack has, and a stack for a topic."""

    def __init__(self, stack: EmbeddedStack) -> None:
        self.formation, self.logs = Formation(stack), stack.client("logs")
        self.api = self.formation.api
        self.group = f"/import/{uuid.uuid4().hex[:8]}"
        self.logs.create_log_group(logGroupName=self.group)
        self.topic = resource("SNS::Topic", {"TopicName": f"{self.formation.name}-topic"})
        self.taken = {**resource("Logs::LogGroup", {"LogGroupName": self.group}), "DeletionPolicy": "Retain"}

    def change_set(self, resources: Mapping[str, Any], **options: Any) -> str:
        """An import into the stack, of the log group by default; its ARN."""
        target = {
            "ResourceType": "AWS::Logs::LogGroup",
            "LogicalResourceId": "Group",
            "ResourceIdentifier": {"LogGroupName": self.group},
        }
        request: dict[str, Any] = {"ResourcesToImport": [target], **options}
        return str(
            self.api.create_change_set(
                StackName=self.formation.name,
                ChangeSetName=f"import-{uuid.uuid4().hex[:8]}",
                ChangeSetType="IMPORT",
                TemplateBody=json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}),
                **request,
            )["Id"]
        )

    @property
    def status(self) -> str:
        return str(self.formation.described()["StackStatus"])

    @property
    def owned(self) -> dict[str, str]:
        """Logical id → physical id of what the stack has."""
        summaries = self.api.list_stack_resources(StackName=self.formation.name)["StackResourceSummaries"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in summaries}


@pytest.fixture
def importing(stack: EmbeddedStack) -> Iterator[Importing]:
    importing = Importing(stack)
    yield importing
    importing.api.delete_stack(StackName=importing.formation.name)
    importing.logs.delete_log_group(logGroupName=importing.group)


def test_a_stack_takes_over_what_is_there_and_can_change_it_from_then_on(importing: Importing) -> None:
    importing.formation.create({"Topic": importing.topic})
    before = importing.owned
    change_set = importing.change_set({"Topic": importing.topic, "Group": importing.taken})
    described = importing.api.describe_change_set(ChangeSetName=change_set)
    assert (described["Status"], described["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert [each["ResourceChange"]["Action"] for each in described["Changes"]] == ["Import"]
    assert importing.owned == before
    importing.api.execute_change_set(ChangeSetName=change_set)
    assert importing.status == "IMPORT_COMPLETE"
    assert importing.owned == {**before, "Group": importing.group}
    kept = {**importing.taken, "Properties": {**importing.taken["Properties"], "RetentionInDays": 7}}
    assert importing.formation.update({"Topic": importing.topic, "Group": kept}) == "UPDATE_COMPLETE"
    [group] = importing.logs.describe_log_groups(logGroupNamePrefix=importing.group)["logGroups"]
    assert group["retentionInDays"] == 7


def test_an_import_leaves_dependencies_in_whatever_order_they_are_given(importing: Importing) -> None:
    after = resource("SQS::Queue", {"QueueName": f"{importing.formation.name}-after"}, DependsOn=["Topic", "Before"])
    before = resource("SQS::Queue", {"QueueName": f"{importing.formation.name}-before"})
    resources = {"Topic": importing.topic, "Before": before, "After": after}
    importing.formation.create(resources)
    importing.api.execute_change_set(ChangeSetName=importing.change_set({**resources, "Group": importing.taken}))
    assert importing.status == "IMPORT_COMPLETE"
    assert importing.owned.keys() == {*resources, "Group"}


def test_a_stack_can_begin_with_what_is_there_and_retains_what_it_is_to_retain(importing: Importing) -> None:
    change_set = importing.change_set({"Group": importing.taken})
    importing.api.execute_change_set(ChangeSetName=change_set)
    assert importing.status == "IMPORT_COMPLETE"
    assert importing.formation.delete() == "DELETE_COMPLETE"
    assert importing.logs.describe_log_groups(logGroupNamePrefix=importing.group)["logGroups"]
    importing.formation.create({"Topic": importing.topic})


def test_an_import_that_breaks_a_rule_is_refused_and_nothing_changes(importing: Importing) -> None:
    importing.formation.create({"Topic": importing.topic})
    topic, group = importing.topic, importing.taken
    bare = {key: value for key, value in group.items() if key != "DeletionPolicy"}
    absent = {**group, "Properties": {"LogGroupName": "/none"}}
    other = {**topic, "Properties": {**topic["Properties"], "DisplayName": "other"}}
    target = {"ResourceType": "AWS::Logs::LogGroup", "LogicalResourceId": "Group"}
    nowhere = [{**target, "ResourceIdentifier": {"LogGroupName": "/none"}}]
    unknown = [{**target, "ResourceIdentifier": {"Arn": "/none"}}]
    refused: list[tuple[dict[str, Any], dict[str, Any], str]] = [
        ({"Topic": topic, "Group": bare}, {}, "missing DeletionPolicy"),
        ({"Topic": other, "Group": group}, {}, r"You have modified resources \['Topic'\]"),
        ({"Group": group}, {}, r"You have modified resources \['Topic'\]"),
        ({"Topic": topic, "Group": absent}, {"ResourcesToImport": nowhere}, "was not found"),
        ({"Topic": topic, "Group": group}, {"ResourcesToImport": unknown}, "identified by LogGroupName"),
        ({"Topic": topic, "Group": group}, {"ResourcesToImport": []}, "must specify resources to import"),
        ({"Topic": topic}, {}, "is not in the template"),
    ]
    for resources, options, reason in refused:
        with pytest.raises(ClientError, match=reason):
            importing.change_set(resources, **options)
    assert importing.status == "CREATE_COMPLETE"
    assert importing.owned.keys() == {"Topic"}


def test_what_is_in_another_stack_is_not_taken_over(importing: Importing, stack: EmbeddedStack) -> None:
    other = Formation(stack)
    importing.logs.delete_log_group(logGroupName=importing.group)
    other.create({"Group": importing.taken})
    with pytest.raises(ClientError, match=f"{importing.group} already exists in stack"):
        importing.change_set({"Group": importing.taken})
    assert other.delete() == "DELETE_COMPLETE"


def test_an_import_is_executed_once_and_not_on_another_stack_than_it_was_made_for(importing: Importing) -> None:
    importing.formation.create({"Topic": importing.topic})
    stale = importing.change_set({"Topic": importing.topic, "Group": importing.taken})
    change_set = importing.change_set({"Topic": importing.topic, "Group": importing.taken})
    importing.api.execute_change_set(ChangeSetName=change_set)
    for late in (change_set, stale):
        with pytest.raises(ClientError, match="cannot be executed"):
            importing.api.execute_change_set(ChangeSetName=late)
