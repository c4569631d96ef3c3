"""CloudFormation refactors stacks, by `emulator.cloudformation.refactoring`; LocalStack has no such operations.

Source: CloudFormation API reference, CreateStackRefactor, DescribeStackRefactor, ListStackRefactors,
ListStackRefactorActions and ExecuteStackRefactor.
"""

from types import ModuleType
from typing import Any

from wavetank.emulator.patches import add_operations, original
from wavetank.emulator.runtime.on_import import when_imported

OPERATIONS = (
    "create_stack_refactor",
    "describe_stack_refactor",
    "list_stack_refactors",
    "list_stack_refactor_actions",
    "execute_stack_refactor",
)


def install() -> None:
    """Change the provider when it is imported."""
    when_imported("localstack.services.cloudformation.v2.provider", refactor_stacks)


def refactor_stacks(module: ModuleType) -> None:
    """Give the provider the operations. Raises TypeError where it has some of its own, or keeps stacks otherwise."""
    provider: Any = original(module, "CloudformationProviderV2")
    original(module, "get_cloudformation_store", "account_id", "region_name")
    original(module, "find_stack_v2", "state", "stack_name")
    from wavetank.emulator.cloudformation import refactoring

    add_operations(provider, OPERATIONS, refactoring)
