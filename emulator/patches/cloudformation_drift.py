"""CloudFormation detects drift, by `emulator.cloudformation.drift`; LocalStack has no such operations.

Source: CloudFormation API reference, DetectStackDrift, DescribeStackDriftDetectionStatus and
DescribeStackResourceDrifts.
"""

from types import ModuleType
from typing import Any

from wavetank.emulator.patches import add_operations, original
from wavetank.emulator.runtime.on_import import when_imported

OPERATIONS = ("detect_stack_drift", "describe_stack_drift_detection_status", "describe_stack_resource_drifts")


def install() -> None:
    """Change the provider when it is imported."""
    when_imported("localstack.services.cloudformation.v2.provider", detect_drift)


def detect_drift(module: ModuleType) -> None:
    """Give the provider the operations. Raises TypeError where it has some of its own, or keeps stacks otherwise."""
    provider: Any = original(module, "CloudformationProviderV2")
    original(module, "get_cloudformation_store", "account_id", "region_name")
    original(module, "find_stack_v2", "state", "stack_name")
    from wavetank.emulator.cloudformation import drift

    add_operations(provider, OPERATIONS, drift)
