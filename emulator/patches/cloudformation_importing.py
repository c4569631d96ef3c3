"""CloudFormation imports resources, by `emulator.cloudformation.importing`; LocalStack refuses such change sets.

Source: CloudFormation API reference, CreateChangeSet, DescribeChangeSet, ExecuteChangeSet and DeleteChangeSet.
"""

from types import ModuleType
from typing import Any

from wavetank.emulator.patches import original, wrap
from wavetank.emulator.runtime.on_import import when_imported

PROVIDER = "CloudformationProviderV2"
IMPORT = "IMPORT"


def install() -> None:
    """Change the provider when it is imported."""
    when_imported("localstack.services.cloudformation.v2.provider", import_resources)


def import_resources(module: ModuleType) -> None:
    """Have the provider's operations on change sets know imports. Raises TypeError for another provider."""
    original(module, "get_cloudformation_store", "account_id", "region_name")
    original(module, "find_stack_v2", "state", "stack_name")
    from wavetank.emulator.cloudformation import importing

    def create_change_set(create: Any, provider: Any, context: Any, request: Any) -> Any:
        if request.get("ChangeSetType") == IMPORT:
            return importing.create(context, request)
        return create(provider, context, request)

    def describe_change_set(
        describe: Any, provider: Any, context: Any, change_set_name: str, stack_name: str | None = None, **more: Any
    ) -> Any:
        change_set = importing.find(context, change_set_name, stack_name)
        if change_set is not None:
            return change_set.document()
        return describe(provider, context, change_set_name, stack_name, **more)

    def execute_change_set(
        execute: Any, provider: Any, context: Any, change_set_name: str, stack_name: str | None = None, **more: Any
    ) -> Any:
        change_set = importing.find(context, change_set_name, stack_name)
        if change_set is not None:
            importing.execute(context, change_set)
            return {}
        return execute(provider, context, change_set_name, stack_name, **more)

    def delete_change_set(
        delete: Any, provider: Any, context: Any, change_set_name: str, stack_name: str | None = None, **more: Any
    ) -> Any:
        change_set = importing.find(context, change_set_name, stack_name)
        if change_set is not None:
            importing.forget(context, change_set)
            return {}
        return delete(provider, context, change_set_name, stack_name, **more)

    wrap(module, f"{PROVIDER}.create_change_set", create_change_set, "context", "request")
    wrap(module, f"{PROVIDER}.describe_change_set", describe_change_set, "change_set_name", "stack_name")
    wrap(module, f"{PROVIDER}.execute_change_set", execute_change_set, "change_set_name", "stack_name")
    wrap(module, f"{PROVIDER}.delete_change_set", delete_change_set, "change_set_name", "stack_name")
