"""The CloudFormation stack of the pipeline: brought to a template, and proved to be as the template says.

A status alone proves nothing: what was deployed is compared with the template by drift detection, which asks the
service of each resource.
"""

import time
from typing import Any

from botocore.exceptions import ClientError

from wavetank.emulator.deploy import functions
from wavetank.emulator.errors import DeployFailed
from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline.names import PROJECT

STACK_NAME = PROJECT
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


def exists(stack: Stack) -> bool:
    """Whether there is a stack that can be updated."""
    return (_status(stack) or STILLBORN[0]) not in STILLBORN


def apply(stack: Stack, request: dict[str, Any], kept: list[dict[str, Any]]) -> None:
    """Create the stack by `request`, or update it, then with the parameters that are `kept`; returns when it is done.

    What is left of a creation that failed is deleted first. Raises DeployFailed, which names the resources that failed
    and why.
    """
    cloudformation = stack.client("cloudformation")
    stack.control.govern(STACK_NAME)
    request = {"StackName": STACK_NAME, **request}
    status = _status(stack)
    try:
        if status in STILLBORN:
            cloudformation.delete_stack(StackName=STACK_NAME)
            if (undeleted := _wait(stack)) is not None:
                raise DeployFailed(
                    f"a stack that could not be created cannot be deleted ({undeleted}):\n{_reasons(stack)}", AS_IT_SAYS
                )
        if status in (None, *STILLBORN):
            cloudformation.create_stack(**request)
        else:
            cloudformation.update_stack(**request | {"Parameters": [*request["Parameters"], *kept]})
    except ClientError as error:
        if NOTHING_TO_DO in str(error):
            return
        raise DeployFailed(f"CloudFormation refuses the template: {error}") from error
    status = _wait(stack)
    if status not in COMPLETE:
        raise DeployFailed(f"CloudFormation ended with {status or 'no stack'}:\n{_reasons(stack)}")


def prove(stack: Stack) -> None:
    """Compare every resource with the template. Raises DeployFailed naming the differences.

    A function that is under the debugger is another one for as long. Emulators without drift detection prove nothing.
    """
    cloudformation = stack.client("cloudformation")
    try:
        detection = cloudformation.detect_stack_drift(StackName=STACK_NAME)["StackDriftDetectionId"]
    except ClientError as error:
        if error.response["Error"]["Code"] in UNKNOWN_OPERATION:
            return
        raise
    deadline = time.monotonic() + TIMEOUT_S
    # A service that has just been changed may keep AWS waiting.
    describe = cloudformation.describe_stack_drift_detection_status
    while describe(StackDriftDetectionId=detection)["DetectionStatus"] == "DETECTION_IN_PROGRESS":
        if time.monotonic() > deadline:
            raise DeployFailed(f"CloudFormation has not compared the stack with its template after {TIMEOUT_S:.0f} s.")
        time.sleep(LONGEST_PAUSE_S)
    drifts = cloudformation.describe_stack_resource_drifts(
        StackName=STACK_NAME, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"]
    )["StackResourceDrifts"]
    debugged = set(functions.debugged(stack)) if drifts else set()
    lines = []
    for drift in drifts:
        resource = f"{drift['LogicalResourceId']} ({drift['ResourceType']})"
        if drift["PhysicalResourceId"] in debugged:
            continue
        if drift["StackResourceDriftStatus"] == "DELETED":
            lines.append(f"{resource} is not there")
            continue
        for difference in drift["PropertyDifferences"]:
            path, actual = difference["PropertyPath"], difference["ActualValue"]
            lines.append(f"{resource}: {path} is {actual}, not {difference['ExpectedValue']}")
    if lines:
        raise DeployFailed("\n".join(["what is deployed is not what the template says:", *lines]), AS_IT_SAYS)


def _status(stack: Stack) -> str | None:
    """The state of our CloudFormation stack; None where there is none."""
    try:
        stacks = stack.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    return str(stacks[0]["StackStatus"])


def _wait(stack: Stack) -> str | None:
    """The status that the stack ends with; None when it is gone."""
    deadline = time.monotonic() + TIMEOUT_S
    pause = FIRST_LOOK_S
    while (status := _status(stack) or "").endswith("IN_PROGRESS"):
        if time.monotonic() > deadline:
            raise DeployFailed(f"CloudFormation is still {status} after {TIMEOUT_S:.0f} s.")
        time.sleep(pause)
        pause = min(pause * 1.2, LONGEST_PAUSE_S)
    return status or None


def _reasons(stack: Stack) -> str:
    """Each resource that failed in the last operation, and why; not what was rolled back because of it."""
    events = stack.client("cloudformation").describe_stack_events(StackName=STACK_NAME)["StackEvents"]
    failed = []
    for event in events:
        if event["LogicalResourceId"] == STACK_NAME:
            if event["ResourceStatus"] in BEGINNINGS:
                break
        elif event["ResourceStatus"].endswith("FAILED"):
            reason = event.get("ResourceStatusReason", "no reason")
            failed.append(f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}")
    return "\n".join(reversed(failed)) or "no resource says why"
