"""`AWS::SQS::Queue` and `AWS::SQS::QueuePolicy`."""

import json
from contextlib import suppress
from typing import Any

from wavetank.emulator.cloudformation.resource import (
    AlreadyThere,
    Context,
    Model,
    Properties,
    Schema,
    names,
    retag,
    shared_policy,
    tag_list,
    tags_of,
    text_of,
)

DEFAULTS = {
    "DelaySeconds": 0,
    "KmsDataKeyReusePeriodSeconds": 300,
    "KmsMasterKeyId": "",
    "MaximumMessageSize": 262_144,
    "MessageRetentionPeriod": 345_600,
    "ReceiveMessageWaitTimeSeconds": 0,
    "RedriveAllowPolicy": "",
    "RedrivePolicy": "",
    "VisibilityTimeout": 30,
}
"""What an attribute is once its property is removed. Encryption by SQS itself stays as it is, as on AWS."""
FIFO_DEFAULTS = {
    "ContentBasedDeduplication": False,
    "DeduplicationScope": "queue",
    "FifoThroughputLimit": "perQueue",
}


class Queue:
    """A queue, standard or FIFO."""

    schema = Schema(
        type="AWS::SQS::Queue",
        identifier="QueueUrl",
        name="QueueName",
        longest_name=75,
        create_only=names("QueueName FifoQueue"),
        mutable=names(
            """ContentBasedDeduplication DeduplicationScope DelaySeconds FifoThroughputLimit
            KmsDataKeyReusePeriodSeconds KmsMasterKeyId MaximumMessageSize MessageRetentionPeriod
            ReceiveMessageWaitTimeSeconds RedriveAllowPolicy RedrivePolicy SqsManagedSseEnabled Tags
            VisibilityTimeout"""
        ),
        read_only=names("QueueUrl Arn"),
    )

    def make(self, context: Context, model: Model) -> Model:
        """Create the queue with its attributes."""
        sqs, fifo = context.clients.sqs, _fifo(model)
        name = model["QueueName"]
        if fifo and not name.endswith(".fifo"):
            model["QueueName"] = name = f"{name}.fifo"
        with suppress(sqs.exceptions.QueueDoesNotExist):
            sqs.get_queue_url(QueueName=name)
            raise AlreadyThere(name)
        given = (self.schema.mutable - {"Tags"}) & model.keys()
        attributes = {key: text_of(model[key]) for key in given} | ({"FifoQueue": "true"} if fifo else {})
        url = sqs.create_queue(QueueName=name, Attributes=attributes, tags=tags_of(model))["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return {"QueueUrl": url, "Arn": arn, "QueueName": name}

    def apply(self, context: Context, model: Model, before: Properties | None) -> None:
        """Set the attributes and tags of a queue that was there before."""
        if before is None:
            return
        sqs, url = context.clients.sqs, model["QueueUrl"]
        defaults = DEFAULTS | (FIFO_DEFAULTS if _fifo(model) else {})
        given = {key: model[key] for key in (self.schema.mutable - {"Tags"}) & model.keys()}
        sqs.set_queue_attributes(
            QueueUrl=url, Attributes={key: text_of(value) for key, value in (defaults | given).items()}
        )
        retag(
            tags_of(model),
            sqs.list_queue_tags(QueueUrl=url).get("Tags") or {},
            tag=lambda tags: sqs.tag_queue(QueueUrl=url, Tags=tags),
            untag=lambda keys: sqs.untag_queue(QueueUrl=url, TagKeys=keys),
        )

    def remove(self, context: Context, model: Model) -> None:
        """Delete the queue."""
        context.clients.sqs.delete_queue(QueueUrl=model["QueueUrl"])

    def read(self, context: Context, model: Model, expected: Properties) -> Properties:
        """The attributes of the queue."""
        sqs, url = context.clients.sqs, model["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        documents = {
            key: json.loads(attributes[key]) for key in ("RedrivePolicy", "RedriveAllowPolicy") if attributes.get(key)
        }
        tags = {"Tags": tag_list(sqs.list_queue_tags(QueueUrl=url).get("Tags") or {})} if "Tags" in expected else {}
        return {**attributes, **documents, **tags, "QueueName": attributes["QueueArn"].rsplit(":", 1)[-1]}


class QueuePolicy:
    """A policy that some queues share."""

    schema = Schema(
        type="AWS::SQS::QueuePolicy",
        identifier="Id",
        create_only=frozenset(),
        mutable=names("PolicyDocument Queues"),
        read_only=names("Id"),
    )

    def make(self, context: Context, _model: Model) -> Model:
        """Name the policy."""
        return {"Id": context.generated_name(80)}

    def apply(self, context: Context, model: Model, before: Properties | None) -> None:
        """Set the policy on its queues, and take it from those that are its no more."""
        sqs, document = context.clients.sqs, json.dumps(model["PolicyDocument"])
        for url in model["Queues"]:
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})
        self._clear(sqs, set((before or {}).get("Queues") or ()) - set(model["Queues"]))

    def remove(self, context: Context, model: Model) -> None:
        """Take the policy from its queues."""
        self._clear(context.clients.sqs, set(model["Queues"]))

    def read(self, context: Context, model: Model, expected: Properties) -> Properties:
        """The policy that its queues have, and those that have it."""
        sqs, documents = context.clients.sqs, {}
        for url in model["Queues"]:
            attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes") or {}
            documents[url] = json.loads(attributes.get("Policy") or "{}")
        return shared_policy("Queues", documents, expected)

    def _clear(self, sqs: Any, urls: set[str]) -> None:
        for url in sorted(urls):
            with suppress(sqs.exceptions.QueueDoesNotExist):
                sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})


def _fifo(model: Properties) -> bool:
    return str(model.get("FifoQueue") or "").lower() == "true"
