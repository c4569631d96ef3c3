"""A CloudFormation stack of one test: brought up, changed and taken away, each to its end."""

import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

from wavetank.emulator.stack.stack import EmbeddedStack

TIMEOUT_S = 120.0
LOOK_S = 0.05

Resource = Mapping[str, Any]


class Formation:
    """One CloudFormation stack; every operation returns the status that it ended with."""

    def __init__(self, stack: EmbeddedStack, name: str = "") -> None:
        self.stack = stack
        self.name = name or f"formation-{uuid.uuid4().hex[:8]}"
        self.api = stack.client("cloudformation")

    def create(self, resources: Mapping[str, Resource], **options: Any) -> str:
        """Create the stack from these resources."""
        self.api.create_stack(StackName=self.name, TemplateBody=template(resources), **_allowed(options))
        return self.ended()

    def update(self, resources: Mapping[str, Resource], **options: Any) -> str:
        """Update the stack to these resources."""
        self.api.update_stack(StackName=self.name, TemplateBody=template(resources), **_allowed(options))
        return self.ended()

    def execute(self, resources: Mapping[str, Resource], kind: str) -> str:
        """The same by a change set, as `aws cloudformation deploy` and CDK do; `kind` is CREATE or UPDATE."""
        name = f"change-{uuid.uuid4().hex[:8]}"
        self.api.create_change_set(
            StackName=self.name,
            ChangeSetName=name,
            ChangeSetType=kind,
            TemplateBody=template(resources),
            **_allowed({}),
        )
        self.api.execute_change_set(StackName=self.name, ChangeSetName=name)
        return self.ended()

    def delete(self) -> str:
        """Delete the stack."""
        identifier = self.described()["StackId"]
        self.api.delete_stack(StackName=self.name)
        return self.ended(identifier)

    def ended(self, name: str = "") -> str:
        """The status once nothing is in progress."""
        deadline = time.monotonic() + TIMEOUT_S
        while (status := str(self.described(name)["StackStatus"])).endswith("IN_PROGRESS"):
            assert time.monotonic() < deadline, status
            time.sleep(LOOK_S)
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"):
            # Where that was not expected, pytest shows why.
            print(*(event for event in self.events() if event[2] and "PROGRESS" not in event[1]), sep="\n")  # noqa: T201
        return status

    def described(self, name: str = "") -> dict[str, Any]:
        """The stack as DescribeStacks shows it."""
        return dict(self.api.describe_stacks(StackName=name or self.name)["Stacks"][0])

    def events(self, logical_id: str = "") -> list[tuple[str, str, str]]:
        """Logical id, status and reason of each event, in the order in which they came."""
        events = self.api.describe_stack_events(StackName=self.described()["StackId"])["StackEvents"]
        return [
            (event["LogicalResourceId"], event["ResourceStatus"], event.get("ResourceStatusReason", ""))
            for event in reversed(events)
            if logical_id in ("", event["LogicalResourceId"])
        ]

    def statuses(self, logical_id: str = "") -> list[str]:
        """The statuses that the stack, or one of its resources, went through."""
        return [status for _, status, _ in self.events(logical_id or self.name)]

    def drifts(self) -> dict[str, list[str]]:
        """The paths of the properties that are not as the template asks; those of a missing resource are `DELETED`."""
        self.api.detect_stack_drift(StackName=self.name)
        drifts = self.api.describe_stack_resource_drifts(
            StackName=self.name, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"]
        )["StackResourceDrifts"]
        return {
            drift["LogicalResourceId"]: [each["PropertyPath"] for each in drift.get("PropertyDifferences") or ()]
            or [drift["StackResourceDriftStatus"]]
            for drift in drifts
        }

    def physical(self) -> dict[str, str]:
        """The physical id of each resource."""
        resources = self.api.describe_stack_resources(StackName=self.name)["StackResources"]
        return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}


def template(resources: Mapping[str, Resource]) -> str:
    """The template with just these resources."""
    return json.dumps({"Resources": resources})


def resource(kind: str, properties: Mapping[str, Any] | None = None, **attributes: Any) -> dict[str, Any]:
    """A resource of type `AWS::<kind>`; the other arguments are attributes such as DependsOn."""
    return {"Type": f"AWS::{kind}", "Properties": dict(properties or {}), **attributes}


def _allowed(options: dict[str, Any]) -> dict[str, Any]:
    return {"Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"], **options}
