"""CloudFormation's operations are executed by `emulator.cloudformation.execution`, and roll back where a change fails.

LocalStack's executor goes on as if nothing had failed, deletes what a failed update was to remove, and rolls nothing
back.
"""

from types import ModuleType

from wavetank.emulator.patches import original, replace
from wavetank.emulator.runtime.on_import import when_imported


def install() -> None:
    """Change the provider when it is imported."""
    when_imported("localstack.services.cloudformation.v2.provider", execute_truthfully)


def execute_truthfully(module: ModuleType) -> None:
    """Have the provider execute change sets here. Raises TypeError where its executor is another than ours is of."""
    executor = original(module, "ChangeSetModelExecutor")
    from wavetank.emulator.cloudformation.execution import Execution

    if executor not in Execution.__bases__:
        raise TypeError("LocalStack's CloudFormation does not execute by the executor this was written for")
    replace(module, "ChangeSetModelExecutor", Execution)
