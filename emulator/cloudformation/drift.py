"""Drift detection: each resource as its own service describes it, beside what the template of its stack asks for.

LocalStack has none. The template is read anew, without the state of the engine that deployed it, so that it proves the
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
from localstack.utils.aws.arns import get_partition

from wavetank.emulator.cloudformation import catalogue
from wavetank.emulator.cloudformation.comparison import Difference, differences
from wavetank.emulator.cloudformation.references import References
from wavetank.emulator.cloudformation.resource import Context, Gone

ALWAYS = {"Fn::Equals": ["", ""]}
IN_SYNC, MODIFIED, DELETED, UNKNOWN = "IN_SYNC", "MODIFIED", "DELETED", "NOT_CHECKED"


def patch(module: Any) -> None:
    """Give the provider in `localstack.services.cloudformation.v2.provider` the operations."""
    provider = module.CloudformationProviderV2
    for name in ("detect_stack_drift", "describe_stack_drift_detection_status", "describe_stack_resource_drifts"):
        if name in vars(provider):
            raise TypeError(f"LocalStack has a {name} of its own by now")

    @handler("DetectStackDrift")
    def detect_stack_drift(
        _self: Any, context: Any, stack_name: str, logical_resource_ids: Any = None, **_: Any
    ) -> dict[str, Any]:
        stack = _stack(module, context, stack_name)
        stack.drifts = list(_drifts(stack, set(logical_resource_ids or ())))
        stack.drift_detection = str(uuid.uuid4())
        return {"StackDriftDetectionId": stack.drift_detection}

    @handler("DescribeStackDriftDetectionStatus")
    def describe_stack_drift_detection_status(
        _self: Any, context: Any, stack_drift_detection_id: str, **_: Any
    ) -> dict[str, Any]:
        store = module.get_cloudformation_store(context.account_id, context.region)
        for stack in store.stacks_v2.values():
            if vars(stack).get("drift_detection") == stack_drift_detection_id:
                return _summary(stack)
        raise ValidationError(f"Stack drift detection with id {stack_drift_detection_id} does not exist")

    @handler("DescribeStackResourceDrifts")
    def describe_stack_resource_drifts(
        _self: Any, context: Any, stack_name: str, stack_resource_drift_status_filters: Any = None, **_: Any
    ) -> dict[str, Any]:
        shown = set(stack_resource_drift_status_filters or (IN_SYNC, MODIFIED, DELETED, UNKNOWN))
        drifts = vars(_stack(module, context, stack_name)).get("drifts", [])
        return {"StackResourceDrifts": [drift for drift in drifts if drift["StackResourceDriftStatus"] in shown]}

    provider.detect_stack_drift = detect_stack_drift
    provider.describe_stack_drift_detection_status = describe_stack_drift_detection_status
    provider.describe_stack_resource_drifts = describe_stack_resource_drifts


def _stack(module: Any, context: Any, name: str) -> Any:
    store = module.get_cloudformation_store(context.account_id, context.region)
    stack = module.find_stack_v2(store, name)
    if stack is None:
        raise ValidationError(f"Stack [{name}] does not exist")
    return stack


def _summary(stack: Any) -> dict[str, Any]:
    drifted = sum(drift["StackResourceDriftStatus"] in (MODIFIED, DELETED) for drift in stack.drifts)
    return {
        "StackId": stack.stack_id,
        "StackDriftDetectionId": stack.drift_detection,
        "StackDriftStatus": "DRIFTED" if drifted else IN_SYNC,
        "DetectionStatus": "DETECTION_COMPLETE",
        "DriftedStackResourceCount": drifted,
        "Timestamp": datetime.now(UTC),
    }


def _drifts(stack: Any, chosen: set[str]) -> Iterator[dict[str, Any]]:
    """The drift of each resource that the template has, or of those that are chosen; one that is not there too."""
    template = stack.processed_template or stack.template or {}
    references = _references(stack, template)
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
    emulated = catalogue.find(kind)
    if emulated is None:
        return {"StackResourceDriftStatus": UNKNOWN}
    if not deployed.get("PhysicalResourceId"):
        return {"StackResourceDriftStatus": DELETED}
    expected = {name: value for name, value in expected.items() if name not in emulated.schema.write_only}
    try:
        actual = emulated.read(context, dict(deployed["Properties"]), expected)
    except (Gone, ClientError) as error:
        if isinstance(error, ClientError) and not _is_missing(error):
            raise
        return {"StackResourceDriftStatus": DELETED}
    found = differences(expected, actual)
    shown = {name: actual.get(name) for name in expected}
    return {
        "StackResourceDriftStatus": MODIFIED if found else IN_SYNC,
        "ExpectedProperties": json.dumps(expected, default=str),
        "ActualProperties": json.dumps(shown, default=str),
        "PropertyDifferences": [_difference(each) for each in found],
    }


def _is_missing(error: ClientError) -> bool:
    code = str(error.response["Error"].get("Code", ""))
    return error.response["ResponseMetadata"]["HTTPStatusCode"] == 404 or any(
        part in code for part in ("NotFound", "NoSuch", "NonExistent", "DoesNotExist")
    )


def _difference(difference: Difference) -> dict[str, str]:
    return {
        "PropertyPath": difference.path,
        "ExpectedValue": _text(difference.expected),
        "ActualValue": _text(difference.actual),
        "DifferenceType": difference.kind,
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _references(stack: Any, template: Mapping[str, Any]) -> References:
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
    resources = stack.resolved_resources
    return References(
        parameters=pseudo | parameters,
        physical={name: resource.get("PhysicalResourceId", "") for name, resource in resources.items()},
        attributes={name: resource.get("Properties") or {} for name, resource in resources.items()},
        mappings=template.get("Mappings") or {},
        conditions=template.get("Conditions") or {},
    )
