"""CloudFormation goes on as soon as a resource is ready."""

from types import ModuleType

import pytest

from wavetank.emulator.cloudformation.resource import LOOK_S
from wavetank.emulator.patches.cloudformation_waiting import look_often


def executor(takes_sleep_time: bool) -> ModuleType:
    class ResourceProviderExecutor:
        def deploy_loop(self, resource: str, sleep_time: float = 1) -> tuple[str, float]:
            return resource, sleep_time

    class OtherExecutor:
        def deploy_loop(self, resource: str) -> str:
            return resource

    module = ModuleType("resource_provider")
    vars(module)["ResourceProviderExecutor"] = ResourceProviderExecutor if takes_sleep_time else OtherExecutor
    return module


def test_a_resource_that_is_not_ready_is_looked_at_often() -> None:
    module = executor(takes_sleep_time=True)
    look_often(module)
    assert module.ResourceProviderExecutor().deploy_loop("queue") == ("queue", LOOK_S)


def test_a_localstack_that_waits_in_another_way_is_refused() -> None:
    with pytest.raises(TypeError, match="deploy_loop"):
        look_often(executor(takes_sleep_time=False))
