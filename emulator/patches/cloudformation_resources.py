"""CloudFormation makes resources by the types in `emulator.cloudformation`, and says of each action how it ended.

LocalStack reports an update that it does not implement as complete, and one that fails because something is not found
too. Its handlers' calls are tried anew four times, which holds up each refusal that names a limit.
"""

from types import ModuleType
from typing import Any

from wavetank.emulator.patches import original, replace
from wavetank.emulator.runtime.on_import import when_imported

EXECUTOR = "ResourceProviderExecutor"
CALLS: dict[str, Any] = {"max_pool_connections": 64, "retries": {"mode": "standard", "total_max_attempts": 2}}
"""The settings of handlers' calls to services in the same process."""


def install() -> None:
    """Change the executor of resource providers when it is imported."""
    when_imported("localstack.services.cloudformation.resource_provider", act_truthfully)


def act_truthfully(module: ModuleType) -> None:
    """Give the executor our actions and resource types. Raises TypeError for another executor."""
    load = original(module, f"{EXECUTOR}.try_load_resource_provider", "resource_type")
    connect = original(module, "ConvertingInternalClientFactory")
    from botocore.config import Config

    from wavetank.emulator.cloudformation import resources
    from wavetank.emulator.cloudformation.handling import Provider, act

    def try_load_resource_provider(resource_type: Any) -> Any:
        # LocalStack asks before it refuses a template whose type is none.
        emulated = resources.find(resource_type) if isinstance(resource_type, str) else None
        return load(resource_type) if emulated is None else Provider(emulated, module)

    def execute_action(executor: Any, resource_provider: Any, raw_payload: Any) -> Any:
        payload = {"stack_name": executor.stack_name, "stack_id": executor.stack_id, "payload": raw_payload}
        return act(module, resource_provider, module.convert_payload(**payload))

    clients = connect(use_ssl=module.config.DISTRIBUTED_MODE, config=Config(**CALLS))
    replace(module, "_cfn_resource_client_factory", clients)
    replace(module, f"{EXECUTOR}.try_load_resource_provider", staticmethod(try_load_resource_provider))
    replace(module, f"{EXECUTOR}.execute_action", execute_action, "resource_provider", "raw_payload")
