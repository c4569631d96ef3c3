"""Tags of resources: whose they are, so that costs, alarms and calls at night find their team."""

from typing import Any

from wavetank.pipeline.components.model import Component
from wavetank.pipeline.topology import Topology

Resources = dict[str, dict[str, Any]]

SHARED = "shared"
"""The component of what all event types share."""
ALL = "all"
"""The event type of what is not of one."""
DEFAULT_STAGE = "default"
UNOWNED = "none"

UNTAGGED = frozenset(
    {
        "AWS::CloudWatch::Dashboard",
        "AWS::IAM::Policy",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Permission",
        "AWS::Logs::MetricFilter",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::TopicPolicy",
    }
)
"""The types of resources that take no tags (CloudFormation template reference)."""


def tagged(resources: Resources, deployed: Topology, settings: Component, event_type: str | None = None) -> Resources:
    """The resources of an event type, or of what all share, with the tags of their component."""
    tags = dict(settings.tags) | {
        "project": deployed.project.name,
        "stage": deployed.stage or DEFAULT_STAGE,
        "component": event_type or SHARED,
        "event-type": event_type or ALL,
        "owner": settings.owner or UNOWNED,
    }
    listed = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
    return {
        name: resource
        if resource["Type"] in UNTAGGED
        else resource | {"Properties": resource["Properties"] | {"Tags": listed}}
        for name, resource in resources.items()
    }
