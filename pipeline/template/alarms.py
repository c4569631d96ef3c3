"""Alarms as CloudFormation resources, and where they go: topics that are there, and one for the mail addresses."""

from typing import Any

from wavetank.pipeline.components.model import Alarms
from wavetank.pipeline.template import permissions

Resources = dict[str, dict[str, Any]]


def alarm(properties: dict[str, Any], topics: Alarms, own_topic: str) -> dict[str, Any]:
    """An alarm that tells the topics; `own_topic`: the logical id of that for mail addresses."""
    actions: list[Any] = [*topics.topics, *([{"Ref": own_topic}] if topics.addresses else [])]
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            **properties,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            **({"AlarmActions": actions} if actions else {}),
        },
    }


def mail_topic(alarms: Alarms, logical_id: str, name: str) -> Resources:
    """The topic from which alarms go to mail addresses; nothing where there are none.

    CloudWatch alone may publish on it, for alarms of this account (SNS developer guide, "Example cases for Amazon SNS
    access control"). Who is at an address confirms the subscription by mail.
    """
    if not alarms.addresses:
        return {}
    subscriptions = {
        f"{logical_id}Mail{number}": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {"TopicArn": {"Ref": logical_id}, "Protocol": "email", "Endpoint": address},
        }
        for number, address in enumerate(alarms.addresses)
    }
    condition = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    return {**permissions.topic(logical_id, name, "cloudwatch.amazonaws.com", condition), **subscriptions}
