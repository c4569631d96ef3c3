"""CloudFormation goes on as soon as a resource is ready.

LocalStack looks once a second, which functions and event source mappings need a tenth of: that was a third of the time
of a deployment.
"""

from functools import partialmethod
from types import ModuleType

from wavetank.emulator.cloudformation.resource import LOOK_S
from wavetank.emulator.patches import original, replace
from wavetank.emulator.runtime.on_import import when_imported


def install() -> None:
    """Change the executor of resource providers when it is imported."""
    when_imported("localstack.services.cloudformation.resource_provider", look_often)


def look_often(module: ModuleType) -> None:
    """Let the executor look at a resource that is not ready every `LOOK_S`, at least for the time that it has.

    Raises TypeError where it cannot be told how often.
    """
    deploy_loop = original(module, "ResourceProviderExecutor.deploy_loop", "sleep_time")
    replace(module, "ResourceProviderExecutor.deploy_loop", partialmethod(deploy_loop, sleep_time=LOOK_S))
