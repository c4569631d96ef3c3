"""The resource types that are made here rather than by LocalStack, one service a file.

They are all that the pipeline's template uses, and some.
"""

from functools import cache
from importlib import import_module

from wavetank.emulator.cloudformation.resource import ResourceType

TYPES = {
    "AWS::CloudWatch::Alarm": "alarms:Alarm",
    "AWS::CloudWatch::CompositeAlarm": "alarms:CompositeAlarm",
    "AWS::CloudWatch::Dashboard": "dashboards:Dashboard",
    "AWS::Events::Rule": "rules:Rule",
    "AWS::IAM::Role": "roles:Role",
    "AWS::Kinesis::Stream": "streams:Stream",
    "AWS::KinesisFirehose::DeliveryStream": "delivery_streams:DeliveryStream",
    "AWS::Lambda::EventSourceMapping": "event_sources:EventSourceMapping",
    "AWS::Lambda::Function": "functions:Function",
    "AWS::Lambda::LayerVersion": "functions:LayerVersion",
    "AWS::Lambda::Permission": "functions:Permission",
    "AWS::Logs::LogGroup": "logs:LogGroup",
    "AWS::Logs::MetricFilter": "logs:MetricFilter",
    "AWS::S3::Bucket": "buckets:Bucket",
    "AWS::S3::BucketPolicy": "buckets:BucketPolicy",
    "AWS::SNS::Subscription": "topics:Subscription",
    "AWS::SNS::Topic": "topics:Topic",
    "AWS::SNS::TopicPolicy": "topics:TopicPolicy",
    "AWS::SQS::Queue": "queues:Queue",
    "AWS::SQS::QueuePolicy": "queues:QueuePolicy",
}
"""Type → module and class; imported when a stack has such a resource."""


@cache
def find(resource_type: str) -> ResourceType | None:
    """The resource type of that name; None for what is LocalStack's."""
    place = TYPES.get(resource_type)
    if place is None:
        return None
    module, _, name = place.partition(":")
    emulated: ResourceType = getattr(import_module(f"{__name__}.{module}"), name)()
    return emulated
