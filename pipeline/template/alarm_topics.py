"""Where alarms go: two topics a stage, the mail addresses of the project on them, and owners who want it otherwise."""

from typing import Any

from wavetank.pipeline.components.model import TOPIC_ARN, Component
from wavetank.pipeline.template import permissions
from wavetank.pipeline.template.alarm_model import Severity
from wavetank.pipeline.template.logical import logical
from wavetank.pipeline.topology import EventType, Topology

Resources = dict[str, dict[str, Any]]

TOPIC = {Severity.WARN: "WarnTopic", Severity.PAGE: "PageTopic"}
"""The ends of the topics' logical ids, by what goes to them."""


def of_stage(deployed: Topology) -> Resources:
    """The two topics of a stage, and the mail addresses that the project's defaults name."""
    names = {Severity.WARN: deployed.names.warn_topic, Severity.PAGE: deployed.names.page_topic}
    resources: Resources = {}
    for severity, logical_id in TOPIC.items():
        resources |= _topic(logical_id, names[severity], _destinations(deployed.default, severity))
    return resources


def of_event_type(deployed: Topology, event: EventType) -> Resources:
    """The topics of an event type whose alarms go to mail addresses of its own."""
    resources: Resources = {}
    for severity, end in TOPIC.items():
        own = _own(deployed, event, severity)
        if any(map(_is_address, own)):
            resources |= _topic(f"{logical(event.name)}{end}", deployed.names.alarm_topic(event.name, severity), own)
    return resources


def actions(deployed: Topology, severity: Severity | None, event: EventType | None = None) -> list[Any]:
    """What an alarm of an event type, or of what all share, tells: topics.

    What an event type names goes before the topic of the stage.
    """
    if severity is None:
        return []
    own = _own(deployed, event, severity) if event is not None else ()
    if event is not None and own:
        mail = [{"Ref": f"{logical(event.name)}{TOPIC[severity]}"}] if any(map(_is_address, own)) else []
        return [*(each for each in own if not _is_address(each)), *mail]
    others = [each for each in _destinations(deployed.default, severity) if not _is_address(each)]
    return [{"Ref": TOPIC[severity]}, *others]


def _own(deployed: Topology, event: EventType, severity: Severity) -> tuple[str, ...]:
    """What an event type names otherwise than the project does; nothing where it does not."""
    own = _destinations(event.component, severity)
    return own if own != _destinations(deployed.default, severity) else ()


def _destinations(component: Component, severity: Severity) -> tuple[str, ...]:
    return component.alarms.warn if severity is Severity.WARN else component.alarms.page


def _is_address(destination: str) -> bool:
    return TOPIC_ARN.fullmatch(destination) is None


def _topic(logical_id: str, name: str, destinations: tuple[str, ...]) -> Resources:
    """A topic, and the mail addresses among these on it.

    CloudWatch alone may publish on it, for alarms of this account (SNS developer guide, "Example cases for Amazon SNS
    access control"). Who is at an address confirms the subscription by mail. It is not encrypted by KMS, whose key
    would have to let CloudWatch use it.
    """
    addresses = [each for each in destinations if _is_address(each)]
    subscriptions = {
        f"{logical_id}Mail{number}": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {"TopicArn": {"Ref": logical_id}, "Protocol": "email", "Endpoint": address},
        }
        for number, address in enumerate(addresses)
    }
    condition = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    return {**permissions.topic(logical_id, name, "cloudwatch.amazonaws.com", condition), **subscriptions}
