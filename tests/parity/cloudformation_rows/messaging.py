"""Topics, subscriptions, queues and their policies."""

import json
from typing import Any

from tests.parity.cloudformation_rows.row import REGION, TAGS, Given, Place, Properties, Row, allow, arn, tags
from wavetank.emulator.stack.stack import EmbeddedStack


def topics(prefix: str) -> dict[str, Row]:
    """A topic, its policy and a subscription."""
    endpoints = [{"Protocol": "sqs", "Endpoint": arn("sqs", f"{prefix}-{name}")} for name in ("one", "two")]
    topic_arns = [arn("sns", f"{prefix}-{name}") for name in ("one", "two")]

    def describe(stack: EmbeddedStack, topic: str) -> Properties:
        sns = stack.client("sns")
        attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
        subscribed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        return {
            "DisplayName": "",
            "KmsMasterKeyId": "",
            "SignatureVersion": "1",
            "TracingConfig": "PassThrough",
            **attributes,
            "ContentBasedDeduplication": attributes.get("ContentBasedDeduplication") == "true",
            "Subscription": [{key: entry[key] for key in ("Protocol", "Endpoint")} for entry in subscribed],
            "Tags": tags(sns.list_tags_for_resource(ResourceArn=topic)["Tags"]),
        }

    def policy(stack: EmbeddedStack, _: str) -> Properties:
        sns = stack.client("sns")
        documents = [
            json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]) for topic in topic_arns
        ]
        ours = [document.get("Id") is None for document in documents]
        held = [topic for topic, mine in zip(topic_arns, ours, strict=True) if mine]
        return {"Topics": held, "PolicyDocument": next(d for d, mine in zip(documents, ours, strict=True) if mine)}

    def subscription(stack: EmbeddedStack, subscribed: str) -> Properties:
        attributes = stack.client("sns").get_subscription_attributes(SubscriptionArn=subscribed)["Attributes"]
        documents = {
            key: json.loads(attributes.get(key) or "{}") for key in ("FilterPolicy", "RedrivePolicy", "DeliveryPolicy")
        }
        return {
            **attributes,
            **documents,
            "Region": attributes["SubscriptionArn"].split(":")[3],
            "FilterPolicyScope": attributes.get("FilterPolicyScope", "MessageAttributes"),
            "RawMessageDelivery": attributes["RawMessageDelivery"] == "true",
        }

    def dead(name: str) -> dict[str, str]:
        return {"deadLetterTargetArn": arn("sqs", f"{prefix}-{name}")}

    def retries(count: int) -> dict[str, Any]:
        return {"healthyRetryPolicy": {"numRetries": count, "minDelayTarget": 1, "maxDelayTarget": 2}}

    fixed = {"TopicArn": topic_arns[0], **endpoints[0]}
    return {
        "Topic": Row(
            "AWS::SNS::Topic",
            describe,
            first={
                "DisplayName": "one",
                "KmsMasterKeyId": "one",
                "SignatureVersion": "1",
                "Subscription": endpoints[:1],
                "Tags": TAGS[0],
                "TracingConfig": "PassThrough",
            },
            second={
                "DisplayName": "two",
                "KmsMasterKeyId": "two",
                "SignatureVersion": "2",
                "Subscription": endpoints[1:],
                "Tags": TAGS[1],
                "TracingConfig": "Active",
            },
            default={
                "DisplayName": "",
                "KmsMasterKeyId": "",
                "SignatureVersion": "1",
                "Subscription": [],
                "Tags": [],
                "TracingConfig": "PassThrough",
            },
            replaced={"TopicName": (None, f"{prefix}-topic-of-a-name"), "FifoTopic": (None, True)},
        ),
        "Fifo": Row(
            "AWS::SNS::Topic",
            describe,
            always={"FifoTopic": True},
            first={"ContentBasedDeduplication": True},
            second={"ContentBasedDeduplication": False},
            default={"ContentBasedDeduplication": False},
        ),
        "TopicsPolicy": Row(
            "AWS::SNS::TopicPolicy",
            policy,
            first={"Topics": topic_arns, "PolicyDocument": allow("sns:Publish", topic_arns[0], Principal="*")},
            second={"Topics": topic_arns[1:], "PolicyDocument": allow("sns:Subscribe", topic_arns[1], Principal="*")},
            third={"Topics": topic_arns[:1], "PolicyDocument": allow("sns:Publish", topic_arns[0], Principal="*")},
        ),
        "Subscribed": Row(
            "AWS::SNS::Subscription",
            subscription,
            always=fixed,
            first={
                "DeliveryPolicy": retries(1),
                "FilterPolicy": {"kind": ["a"]},
                "FilterPolicyScope": "MessageAttributes",
                "RawMessageDelivery": True,
                "RedrivePolicy": dead("one"),
                "Region": REGION,
            },
            second={
                "DeliveryPolicy": retries(2),
                "FilterPolicy": {"kind": ["b"]},
                "FilterPolicyScope": "MessageBody",
                "RawMessageDelivery": False,
                "RedrivePolicy": dead("two"),
                "Region": REGION,
            },
            default={
                "FilterPolicy": {},
                "FilterPolicyScope": "MessageAttributes",
                "RawMessageDelivery": False,
                "RedrivePolicy": {},
                "DeliveryPolicy": {},
            },
        ),
        "Subscriber": Row(
            "AWS::SNS::Subscription",
            subscription,
            always={"TopicArn": topic_arns[1], **endpoints[0]},
            replaced={
                "Endpoint": (endpoints[0]["Endpoint"], endpoints[1]["Endpoint"]),
                "TopicArn": (topic_arns[1], topic_arns[0]),
            },
        ),
        "ByProtocol": Row(
            "AWS::SNS::Subscription",
            subscription,
            always={"TopicArn": topic_arns[1]},
            replaced={
                "Protocol": (
                    Given(Protocol="lambda", Endpoint=arn("lambda", f"function:{prefix}-one")),
                    Given(Protocol="sqs", Endpoint=arn("sqs", f"{prefix}-two")),
                )
            },
        ),
    }


def queues(place: Place) -> dict[str, Row]:
    """A queue, a FIFO queue and a policy on queues."""
    prefix = place.prefix
    numbers = (
        "DelaySeconds",
        "KmsDataKeyReusePeriodSeconds",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "ReceiveMessageWaitTimeSeconds",
        "VisibilityTimeout",
    )

    def describe(stack: EmbeddedStack, address: str) -> Properties:
        sqs = stack.client("sqs")
        attributes = sqs.get_queue_attributes(QueueUrl=address, AttributeNames=["All"])["Attributes"]
        documents = {
            key: json.loads(attributes[key]) for key in ("RedrivePolicy", "RedriveAllowPolicy") if attributes.get(key)
        }
        return {
            "KmsMasterKeyId": "",
            "RedrivePolicy": None,
            "RedriveAllowPolicy": None,
            **attributes,
            **{key: int(attributes[key]) for key in numbers if key in attributes},
            **documents,
            "ContentBasedDeduplication": attributes.get("ContentBasedDeduplication") == "true",
            "SqsManagedSseEnabled": attributes.get("SqsManagedSseEnabled") == "true",
            "Tags": tags(sqs.list_queue_tags(QueueUrl=address).get("Tags") or {}),
        }

    def policy(stack: EmbeddedStack, _: str) -> Properties:
        sqs = stack.client("sqs")
        found = {}
        for name in ("one", "two"):
            address = sqs.get_queue_url(QueueName=f"{prefix}-policed-{name}")["QueueUrl"]
            attributes = sqs.get_queue_attributes(QueueUrl=address, AttributeNames=["Policy"]).get("Attributes", {})
            if attributes.get("Policy"):
                found[address] = json.loads(attributes["Policy"])
        return {"Queues": list(found), "PolicyDocument": next(iter(found.values()))}

    def dead(name: str, count: int) -> dict[str, Any]:
        return {"deadLetterTargetArn": arn("sqs", f"{prefix}-{name}"), "maxReceiveCount": count}

    return {
        "Queue": Row(
            "AWS::SQS::Queue",
            describe,
            first={
                "DelaySeconds": 1,
                "MaximumMessageSize": 2000,
                "MessageRetentionPeriod": 100,
                "ReceiveMessageWaitTimeSeconds": 1,
                "RedriveAllowPolicy": {"redrivePermission": "allowAll"},
                "RedrivePolicy": dead("one", 1),
                "SqsManagedSseEnabled": False,
                "Tags": TAGS[0],
                "VisibilityTimeout": 1,
            },
            second={
                "DelaySeconds": 2,
                "MaximumMessageSize": 3000,
                "MessageRetentionPeriod": 200,
                "ReceiveMessageWaitTimeSeconds": 2,
                "RedriveAllowPolicy": {"redrivePermission": "denyAll"},
                "RedrivePolicy": dead("two", 2),
                "SqsManagedSseEnabled": True,
                "Tags": TAGS[1],
                "VisibilityTimeout": 2,
            },
            default={
                "DelaySeconds": 0,
                "MaximumMessageSize": 262_144,
                "MessageRetentionPeriod": 345_600,
                "ReceiveMessageWaitTimeSeconds": 0,
                "RedriveAllowPolicy": None,
                "RedrivePolicy": None,
                "Tags": [],
                "VisibilityTimeout": 30,
            },
            replaced={"QueueName": (None, f"{prefix}-queue-of-a-name"), "FifoQueue": (None, True)},
        ),
        "Encrypted": Row(
            "AWS::SQS::Queue",
            describe,
            first={"KmsMasterKeyId": "one", "KmsDataKeyReusePeriodSeconds": 60},
            second={"KmsMasterKeyId": "two", "KmsDataKeyReusePeriodSeconds": 70},
            default={"KmsMasterKeyId": ""},
        ),
        "FifoQueue": Row(
            "AWS::SQS::Queue",
            describe,
            always={"FifoQueue": True},
            first={
                "ContentBasedDeduplication": True,
                "DeduplicationScope": "messageGroup",
                "FifoThroughputLimit": "perMessageGroupId",
            },
            second={
                "ContentBasedDeduplication": False,
                "DeduplicationScope": "queue",
                "FifoThroughputLimit": "perQueue",
            },
            default={"ContentBasedDeduplication": False},
        ),
        "QueuePolicyUnderTest": Row(
            "AWS::SQS::QueuePolicy",
            policy,
            first={"Queues": place.policed, "PolicyDocument": allow("sqs:SendMessage", Principal="*")},
            second={"Queues": place.policed[1:], "PolicyDocument": allow("sqs:ReceiveMessage", Principal="*")},
            third={"Queues": place.policed[:1], "PolicyDocument": allow("sqs:SendMessage", Principal="*")},
        ),
    }
