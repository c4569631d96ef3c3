"""The resource types that are made here rather than by LocalStack: all that the pipeline's template uses, and some."""

from functools import cache
from importlib import import_module

from emulator.cloudformation.resource import ResourceType

TYPES = {
    "AWS::CloudWatch::Alarm": "emulator.cloudformation.resources.alarms:Alarm",
    "AWS::Events::Rule": "emulator.cloudformation.resources.rules:Rule",
    "AWS::IAM::Role": "emulator.cloudformation.resources.roles:Role",
    "AWS::Kinesis::Stream": "emulator.cloudformation.resources.streams:Stream",
    "AWS::KinesisFirehose::DeliveryStream": "emulator.cloudformation.resources.delivery_streams:DeliveryStream",
    "AWS::Lambda::EventSourceMapping": "emulator.cloudformation.resources.event_sources:EventSourceMapping",
    "AWS::Lambda::Function": "emulator.cloudformation.resources.functions:Function",
    "AWS::Lambda::LayerVersion": "emulator.cloudformation.resources.functions:LayerVersion",
    "AWS::Lambda::Permission": "emulator.cloudformation.resources.functions:Permission",
    "AWS::S3::Bucket": "emulator.cloudformation.resources.buckets:Bucket",
    "AWS::S3::BucketPolicy": "emulator.cloudformation.resources.buckets:BucketPolicy",
    "AWS::SNS::Subscription": "emulator.cloudformation.resources.topics:Subscription",
    "AWS::SNS::Topic": "emulator.cloudformation.resources.topics:Topic",
    "AWS::SNS::TopicPolicy": "emulator.cloudformation.resources.topics:TopicPolicy",
    "AWS::SQS::Queue": "emulator.cloudformation.resources.queues:Queue",
    "AWS::SQS::QueuePolicy": "emulator.cloudformation.resources.queues:QueuePolicy",
}
"""Type → module and class; imported when a stack has such a resource."""


@cache
def find(resource_type: str) -> ResourceType | None:
    """The resource type of that name; None for what is LocalStack's."""
    place = TYPES.get(resource_type)
    if place is None:
        return None
    module, _, name = place.partition(":")
    found: ResourceType = getattr(import_module(module), name)()
    return found
