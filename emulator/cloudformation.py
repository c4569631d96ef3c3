"""Lets CloudFormation update what LocalStack creates but does not update, and go on as soon as it can.

LocalStack reports such an update as complete and changes nothing. For these types the call that creates them is a
put, which replaces what is there: an update is the same call again. And it looks once a second whether a resource is
ready, which functions and event source mappings are within a tenth of one: that was a third of the time of a
deployment.
"""

import inspect
from functools import partialmethod
from types import ModuleType

from emulator.imports import Patch, when_imported

PUTS = {
    "localstack.services.cloudwatch.resource_providers.aws_cloudwatch_alarm": "CloudWatchAlarmProvider",
    "localstack.services.events.resource_providers.aws_events_rule": "EventsRuleProvider",
    "localstack.services.sns.resource_providers.aws_sns_topicpolicy": "SNSTopicPolicyProvider",
}
"""Module → the class of the resource type in it."""

EXECUTOR = "localstack.services.cloudformation.resource_provider"
LOOK_S = 0.05
"""Between two looks at a resource that is not ready."""


def install() -> None:
    """Patch each class when its module is imported."""
    when_imported(EXECUTOR, look_often)
    for module, provider in PUTS.items():
        when_imported(module, _update_by_put(provider))


def look_often(module: ModuleType) -> None:
    """Let the executor look at a resource that is not ready every `LOOK_S`, at least for the time that it has."""
    executor = module.ResourceProviderExecutor
    if "sleep_time" not in inspect.signature(executor.deploy_loop).parameters:
        raise TypeError("deploy_loop of LocalStack takes no sleep_time any more")
    executor.deploy_loop = partialmethod(executor.deploy_loop, sleep_time=LOOK_S)


def _update_by_put(provider: str) -> Patch:
    def update_by_put(module: ModuleType) -> None:
        found = getattr(module, provider)
        found.update = found.create

    return update_by_put
