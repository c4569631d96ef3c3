"""Gives CloudFormation updates to resources that LocalStack creates but does not update.

LocalStack reports such an update as complete and changes nothing. For these types the call that creates them is a
put, which replaces what is there: an update is the same call again.
"""

from types import ModuleType

from emulator.imports import Patch, when_imported

PUTS = {
    "localstack.services.cloudwatch.resource_providers.aws_cloudwatch_alarm": "CloudWatchAlarmProvider",
    "localstack.services.events.resource_providers.aws_events_rule": "EventsRuleProvider",
    "localstack.services.sns.resource_providers.aws_sns_topicpolicy": "SNSTopicPolicyProvider",
}
"""Module → the class of the resource type in it."""


def install() -> None:
    """Patch each class when its module is imported."""
    for module, provider in PUTS.items():
        when_imported(module, _update_by_put(provider))


def _update_by_put(provider: str) -> Patch:
    def update_by_put(module: ModuleType) -> None:
        found = getattr(module, provider)
        found.update = found.create

    return update_by_put
