"""A CloudFormation stack: brought to a template, and proved to be as the template says.

A status alone proves nothing: what was deployed is compared with the template by drift detection, which asks the
service of each resource.
"""

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from wavetank.emulator.errors import DeployFailed
from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline.template.render import EVENT_TYPE_OUTPUT, MOST_BYTES_INLINE, PREFIX_OUTPUT, compact

NOTHING_TO_DO = "No updates are to be performed"
TIMEOUT_S = 600.0
FIRST_LOOK_S = 0.05
LONGEST_PAUSE_S = 0.25
COMPLETE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
STILLBORN = ("CREATE_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
"""States of a stack that can only be deleted (CloudFormation user guide, "Stack status codes")."""
BEGINNINGS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS")
UNKNOWN_OPERATION = ("InternalFailure", "InvalidAction", "NotImplemented", "UnknownOperation", "UnsupportedOperation")
"""How emulators, LocalStack first, say that they do not have an operation."""
AS_IT_SAYS = "Change it back, or start afresh: `wavetank down`, `wavetank up`."


@dataclass(frozen=True)
class Formation:
    """A CloudFormation stack on a stack, by its name; it need not be there."""

    stack: Stack
    name: str

    @property
    def exists(self) -> bool:
        """Whether there is a stack that can be updated."""
        return (self.status or STILLBORN[0]) not in STILLBORN

    @property
    def status(self) -> str | None:
        """The state of the stack; None where there is none."""
        described = self._described()
        return None if described is None else str(described["StackStatus"])

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of the stack; none where there is no stack."""
        return outputs_of(self._described() or {})

    @property
    def parameters(self) -> dict[str, str]:
        """The values of the stack's parameters; none where there is no stack."""
        given = (self._described() or {}).get("Parameters", [])
        return {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in given}

    def template(self) -> dict[str, Any]:
        """The template that the stack was last brought to, as it was given."""
        body = self.stack.client("cloudformation").get_template(StackName=self.name)["TemplateBody"]
        return dict(body) if isinstance(body, Mapping) else dict(json.loads(body))

    def resources(self) -> dict[str, str]:
        """Logical id → physical id of what the stack has."""
        pages = self.stack.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.name)
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for page in pages
            for resource in page["StackResourceSummaries"]
        }

    def argument(self, template: dict[str, Any], bucket: str) -> dict[str, str]:
        """A template as an argument of requests: by itself, or where it is too long for one, by URL in a bucket.

        Raises ConfigurationError for one that CloudFormation does not take at all.
        """
        text = compact(self.name, template)
        if len(text.encode()) <= MOST_BYTES_INLINE:
            return {"TemplateBody": text}
        s3, key = self.stack.client("s3"), f"{self.name}.template.json"
        s3.put_object(Bucket=bucket, Key=key, Body=text.encode())
        url: str = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key})
        return {"TemplateURL": url.partition("?")[0]}

    def apply(self, request: dict[str, Any]) -> bool:
        """Create the stack by `request`, or update it; returns when it is done, False where nothing was to be done.

        What is left of a creation that failed is deleted first. Raises DeployFailed, which names the resources that
        failed and why.
        """
        cloudformation = self.stack.client("cloudformation")
        self.stack.control.govern(self.name)
        request = {"StackName": self.name, **request}
        self.clear()
        try:
            if self.status is None:
                cloudformation.create_stack(**request)
            else:
                cloudformation.update_stack(**request)
        except ClientError as error:
            if NOTHING_TO_DO in str(error):
                return False
            raise DeployFailed(f"CloudFormation refuses the template of {self.name}: {error}") from error
        status = self._wait()
        if status not in COMPLETE:
            raise DeployFailed(f"CloudFormation ended with {status or 'no stack'} of {self.name}:\n{self._reasons()}")
        return True

    def clear(self) -> None:
        """Delete what is left of a creation that failed, if anything is. Raises DeployFailed."""
        if self.status not in STILLBORN:
            return
        self.stack.client("cloudformation").delete_stack(StackName=self.name)
        if (undeleted := self._wait()) is not None:
            raise DeployFailed(
                f"{self.name} could not be created and cannot be deleted ({undeleted}):\n{self._reasons()}",
                AS_IT_SAYS,
            )

    def take_over(self, template: dict[str, Any], targets: list[dict[str, Any]], bucket: str) -> None:
        """Take resources over that are there already, by an import of these `targets` (`ResourcesToImport`).

        template: that of the stack with them, and nothing else changed. bucket: that of templates which are too long
        for a request. Raises DeployFailed with CloudFormation's reason.
        """
        cloudformation, name = self.stack.client("cloudformation"), f"take-over-{uuid.uuid4().hex[:12]}"
        self.stack.control.govern(self.name)
        kept: Any = [{"ParameterKey": key, "UsePreviousValue": True} for key in template.get("Parameters", ())]
        try:
            change_set = cloudformation.create_change_set(
                StackName=self.name,
                ChangeSetName=name,
                ChangeSetType="IMPORT",
                ResourcesToImport=targets,
                Parameters=kept,
                Capabilities=["CAPABILITY_IAM"],
                **self.argument(template, bucket),
            )["Id"]
            self._await_change_set(change_set)
            cloudformation.execute_change_set(ChangeSetName=change_set)
        except ClientError as error:
            raise DeployFailed(f"CloudFormation refuses to import into {self.name}: {error}") from error
        if (status := self._wait()) != "IMPORT_COMPLETE":
            raise DeployFailed(f"CloudFormation ended with {status} of {self.name}:\n{self._reasons()}")

    def delete(self) -> None:
        """Delete the stack and what is not to be retained; returns when it is gone. Raises DeployFailed."""
        self.stack.client("cloudformation").delete_stack(StackName=self.name)
        if (status := self._wait()) is not None:
            raise DeployFailed(f"{self.name} could not be deleted ({status}):\n{self._reasons()}")

    def drifts(self) -> list[Mapping[str, Any]]:
        """Each resource that is not as the template says, as CloudFormation describes its drift.

        Emulators without drift detection tell of none.
        """
        cloudformation = self.stack.client("cloudformation")
        try:
            detection = cloudformation.detect_stack_drift(StackName=self.name)["StackDriftDetectionId"]
        except ClientError as error:
            if error.response["Error"]["Code"] in UNKNOWN_OPERATION:
                return []
            raise
        deadline = time.monotonic() + TIMEOUT_S
        # A service that has just been changed may keep AWS waiting.
        describe = cloudformation.describe_stack_drift_detection_status
        while describe(StackDriftDetectionId=detection)["DetectionStatus"] == "DETECTION_IN_PROGRESS":
            if time.monotonic() > deadline:
                raise DeployFailed(f"CloudFormation has not compared {self.name} with its template, {TIMEOUT_S:.0f} s.")
            time.sleep(LONGEST_PAUSE_S)
        described = cloudformation.describe_stack_resource_drifts(
            StackName=self.name, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"]
        )
        return list(described["StackResourceDrifts"])

    def _described(self) -> dict[str, Any] | None:
        try:
            stacks = self.stack.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return None
            raise
        return dict(stacks[0])

    def _await_change_set(self, change_set: str) -> None:
        """Return once a change set can be executed. Raises DeployFailed where it cannot."""
        deadline = time.monotonic() + TIMEOUT_S
        describe = self.stack.client("cloudformation").describe_change_set
        while (described := describe(ChangeSetName=change_set))["Status"] != "CREATE_COMPLETE":
            if not described["Status"].endswith(("PENDING", "IN_PROGRESS")):
                raise DeployFailed(f"nothing can be imported into {self.name}: {described.get('StatusReason')}")
            if time.monotonic() > deadline:
                raise DeployFailed(f"the import into {self.name} is still {described['Status']}")
            time.sleep(LONGEST_PAUSE_S)

    def _wait(self) -> str | None:
        """The status that the stack ends with; None when it is gone."""
        deadline = time.monotonic() + TIMEOUT_S
        pause = FIRST_LOOK_S
        while (status := self.status or "").endswith("IN_PROGRESS"):
            if time.monotonic() > deadline:
                raise DeployFailed(f"{self.name} is still {status} after {TIMEOUT_S:.0f} s.")
            time.sleep(pause)
            pause = min(pause * 1.2, LONGEST_PAUSE_S)
        return status or None

    def _reasons(self) -> str:
        """Each resource that failed in the last operation, and why; not what was rolled back because of it."""
        events = self.stack.client("cloudformation").describe_stack_events(StackName=self.name)["StackEvents"]
        failed = []
        for event in events:
            if event["LogicalResourceId"] == self.name:
                if event["ResourceStatus"] in BEGINNINGS:
                    break
            elif event["ResourceStatus"].endswith("FAILED"):
                reason = event.get("ResourceStatusReason", "no reason")
                failed.append(f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}")
        return "\n".join(reversed(failed)) or "no resource says why"


def outputs_of(described: Mapping[str, Any]) -> dict[str, str]:
    """The outputs of a stack as DescribeStacks tells of it."""
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs") or ()}


def of_stage(stack: Stack, prefix: str) -> dict[str, dict[str, str]]:
    """The outputs of each CloudFormation stack of the stage with this prefix that is there, by its name."""
    pages = stack.client("cloudformation").get_paginator("describe_stacks").paginate()
    outputs = {
        described["StackName"]: outputs_of(described)
        for page in pages
        for described in page["Stacks"]
        if described["StackStatus"] != "DELETE_COMPLETE"
    }
    return {name: output for name, output in outputs.items() if output.get(PREFIX_OUTPUT) == prefix}


def components(stack: Stack, prefix: str) -> dict[str, str]:
    """Event type → name of its CloudFormation stack, of those of the stage with this prefix that are there."""
    outputs = of_stage(stack, prefix)
    return {output[EVENT_TYPE_OUTPUT]: name for name, output in outputs.items() if EVENT_TYPE_OUTPUT in output}
