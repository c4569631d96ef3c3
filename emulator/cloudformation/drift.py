"""Drift detection: each resource as its own service describes it, beside what the template of its stack asks for.

The template is read anew, without the state of the engine that deployed it, so that it proves the
deployment too. Source: CloudFormation API reference, DetectStackDrift, DescribeStackDriftDetectionStatus and
DescribeStackResourceDrifts.
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api import handler
from localstack.aws.connect import connect_to
from localstack.services.cloudformation.engine.validations import ValidationError
from localstack.services.cloudformation.v2 import provider
from localstack.utils.aws.arns import get_partition

from wavetank.emulator.cloudformation import resources
from wavetank.emulator.cloudformation.comparison import differences
from wavetank.emulator.cloudformation.references import References
from wavetank.emulator.cloudformation.resource import Context, Gone

ALWAYS = {"Fn::Equals": ["", ""]}
IN_SYNC, MODIFIED, DELETED, UNKNOWN = "IN_SYNC", "MODIFIED", "DELETED", "NOT_CHECKED"


@handler("DetectStackDrift")
def detect_stack_drift(
    _provider: Any, context: Any, stack_name: str, logical_resource_ids: Any = None, **_: Any
) -> dict[str, Any]:
    """Compare each resource of a stack, or each chosen one, and keep what was found with the stack."""
    stack = _stack(context, stack_name)
    stack.drifts = list(_drifts(stack, set(logical_resource_ids or ())))
    stack.drift_detection = str(uuid.uuid4())
    return {"StackDriftDetectionId": stack.drift_detection}


@handler("DescribeStackDriftDetectionStatus")
def describe_stack_drift_detection_status(
    _provider: Any, context: Any, stack_drift_detection_id: str, **_: Any
) -> dict[str, Any]:
    """The summary of a detection, which is over once it has an id. Raises ValidationError for an unknown one."""
    store = provider.get_cloudformation_store(context.account_id, context.region)
    for stack in store.stacks_v2.values():
        if vars(stack).get("drift_detection") == stack_drift_detection_id:
            drifted = sum(drift["StackResourceDriftStatus"] in (MODIFIED, DELETED) for drift in stack.drifts)
            return {
                "StackId": stack.stack_id,
                "StackDriftDetectionId": stack.drift_detection,
                "StackDriftStatus": "DRIFTED" if drifted else IN_SYNC,
                "DetectionStatus": "DETECTION_COMPLETE",
                "DriftedStackResourceCount": drifted,
                "Timestamp": datetime.now(UTC),
            }
    raise ValidationError(f"Stack drift detection with id {stack_drift_detection_id} does not exist")


@handler("DescribeStackResourceDrifts")
def describe_stack_resource_drifts(
    _provider: Any, context: Any, stack_name: str, stack_resource_drift_status_filters: Any = None, **_: Any
) -> dict[str, Any]:
    """The drift of each resource in the last detection, of the statuses that are asked for."""
    shown = set(stack_resource_drift_status_filters or (IN_SYNC, MODIFIED, DELETED, UNKNOWN))
    drifts = vars(_stack(context, stack_name)).get("drifts", [])
    return {"StackResourceDrifts": [drift for drift in drifts if drift["StackResourceDriftStatus"] in shown]}


def _stack(context: Any, name: str) -> Any:
    store = provider.get_cloudformation_store(context.account_id, context.region)
    stack = provider.find_stack_v2(store, name)
    if stack is None:
        raise ValidationError(f"Stack [{name}] does not exist")
    return stack


def _drifts(stack: Any, chosen: set[str]) -> Iterator[dict[str, Any]]:
    """The drift of each resource that the template has, or of those that are chosen; one that is not there too."""
    template = stack.processed_template or stack.template or {}
    references = references_of(stack, template)
    clients = connect_to(aws_access_key_id=stack.account_id, region_name=stack.region_name)
    asked: dict[str, Any] = {}
    for name, resource in (template.get("Resources") or {}).items():
        if (chosen and name not in chosen) or not references.holds(resource.get("Condition") or ALWAYS):
            continue
        deployed = stack.resolved_resources.get(name) or {}
        context = Context(clients, stack.stack_name, name, stack.account_id, stack.region_name, asked)
        expected = references.resolve(resource.get("Properties") or {})
        yield {
            "StackId": stack.stack_id,
            "LogicalResourceId": name,
            "PhysicalResourceId": deployed.get("PhysicalResourceId") or "",
            "ResourceType": resource["Type"],
            "Timestamp": datetime.now(UTC),
            **_drift(context, resource["Type"], deployed, expected),
        }


def _drift(context: Context, kind: str, deployed: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, Any]:
    emulated = resources.find(kind)
    if emulated is None:
        return {"StackResourceDriftStatus": UNKNOWN}
    if not deployed.get("PhysicalResourceId"):
        return {"StackResourceDriftStatus": DELETED}
    expected = {name: value for name, value in expected.items() if name not in emulated.schema.write_only}
    try:
        actual = emulated.read(context, dict(deployed["Properties"]), expected)
    except (Gone, ClientError) as error:
        if isinstance(error, ClientError) and error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            code = str(error.response["Error"].get("Code", ""))
            if not any(part in code for part in ("NotFound", "NoSuch", "NonExistent", "DoesNotExist")):
                raise
        return {"StackResourceDriftStatus": DELETED}
    changes = [
        {
            "PropertyPath": difference.path,
            "ExpectedValue": _text(difference.expected),
            "ActualValue": _text(difference.actual),
            "DifferenceType": difference.kind,
        }
        for difference in differences(expected, actual)
    ]
    shown = {name: actual.get(name) for name in expected}
    return {
        "StackResourceDriftStatus": MODIFIED if changes else IN_SYNC,
        "ExpectedProperties": json.dumps(expected, default=str),
        "ActualProperties": json.dumps(shown, default=str),
        "PropertyDifferences": changes,
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def references_of(stack: Any, template: Mapping[str, Any], deployed: Mapping[str, Any] | None = None) -> References:
    """The references of a template on one of LocalStack's stacks, with the resources that it has, or these."""
    pseudo = {
        "AWS::AccountId": stack.account_id,
        "AWS::Partition": get_partition(stack.region_name),
        "AWS::Region": stack.region_name,
        "AWS::StackId": stack.stack_id,
        "AWS::StackName": stack.stack_name,
        "AWS::URLSuffix": "amazonaws.com",
    }
    parameters = {}
    for name, parameter in stack.resolved_parameters.items():
        keys = ("resolved_value", "given_value", "default_value")
        parameters[name] = next((parameter[key] for key in keys if parameter.get(key) is not None), None)
    deployed = stack.resolved_resources if deployed is None else deployed
    return References(
        parameters=pseudo | parameters,
        physical={name: resource.get("PhysicalResourceId", "") for name, resource in deployed.items()},
        attributes={name: resource.get("Properties") or {} for name, resource in deployed.items()},
        mappings=template.get("Mappings") or {},
        conditions=template.get("Conditions") or {},
    )
