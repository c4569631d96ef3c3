"""`AWS::SNS::Topic`, `AWS::SNS::TopicPolicy` and `AWS::SNS::Subscription`."""

import json
from contextlib import suppress
from typing import Any

from wavetank.emulator.cloudformation.resource import (
    AlreadyThere,
    Context,
    Model,
    Properties,
    Refused,
    Schema,
    names,
    retag,
    shared_policy,
    tag_list,
    tags_from,
    tags_of,
    text_of,
)

TOPIC_DEFAULTS = {
    "ContentBasedDeduplication": "false",
    "DisplayName": "",
    "KmsMasterKeyId": "",
    "SignatureVersion": "1",
    "TracingConfig": "PassThrough",
}
"""What an attribute is once its property is removed (SNS API reference, SetTopicAttributes)."""
NO_POLICY = "{}"
SUBSCRIPTION_DEFAULTS = {
    "FilterPolicyScope": "MessageAttributes",
    "FilterPolicy": NO_POLICY,
    "RawMessageDelivery": "false",
    "RedrivePolicy": NO_POLICY,
    "DeliveryPolicy": NO_POLICY,
}


class Topic:
    """A topic, with the subscriptions that are part of it."""

    schema = Schema(
        type="AWS::SNS::Topic",
        identifier="TopicArn",
        name="TopicName",
        longest_name=250,
        create_only=names("TopicName FifoTopic"),
        mutable=names(
            "ContentBasedDeduplication DisplayName KmsMasterKeyId SignatureVersion Subscription Tags TracingConfig"
        ),
        refused=names(
            "ArchivePolicy DataProtectionPolicy DeliveryStatusLogging FifoThroughputScope MaximumMessageSize"
        ),
        read_only=names("TopicArn"),
    )

    def make(self, context: Context, model: Model) -> Model:
        """Create the topic with its attributes."""
        sns, fifo = context.clients.sns, str(model.get("FifoTopic") or "").lower() == "true"
        name = model["TopicName"]
        if fifo and not name.endswith(".fifo"):
            name = f"{name}.fifo"
        arn = f"arn:aws:sns:{context.region}:{context.account}:{name}"
        with suppress(sns.exceptions.NotFoundException):
            sns.get_topic_attributes(TopicArn=arn)
            raise AlreadyThere(name)
        attributes = {key: text_of(model[key]) for key in TOPIC_DEFAULTS.keys() & model.keys()}
        if fifo:
            attributes["FifoTopic"] = "true"
        answer = sns.create_topic(Name=name, Attributes=attributes, Tags=tag_list(tags_of(model)))
        return {"TopicArn": answer["TopicArn"], "TopicName": name}

    def apply(self, context: Context, model: Model, before: Properties | None) -> None:
        """Set the attributes, tags and subscriptions that differ."""
        sns, arn = context.clients.sns, model["TopicArn"]
        if before is not None:
            attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
            for name, default in TOPIC_DEFAULTS.items():
                value = text_of(model[name]) if name in model else default
                if value != attributes.get(name, default):
                    sns.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)
            retag(
                tags_of(model),
                tags_from(sns.list_tags_for_resource(ResourceArn=arn)["Tags"]),
                tag=lambda tags: sns.tag_resource(ResourceArn=arn, Tags=tag_list(tags)),
                untag=lambda keys: sns.untag_resource(ResourceArn=arn, TagKeys=keys),
            )
        asked = [(entry["Protocol"], entry["Endpoint"]) for entry in model.get("Subscription") or ()]
        was = [(entry["Protocol"], entry["Endpoint"]) for entry in (before or {}).get("Subscription") or ()]
        there = _subscriptions(sns, arn) if asked or was else {}
        for protocol, endpoint in asked:
            if (protocol, endpoint) not in there:
                sns.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint)
        for key in was:
            if key not in asked and key in there:
                sns.unsubscribe(SubscriptionArn=there[key])

    def remove(self, context: Context, model: Model) -> None:
        """Delete the topic."""
        context.clients.sns.delete_topic(TopicArn=model["TopicArn"])

    def read(self, context: Context, model: Model, expected: Properties) -> Properties:
        """The attributes of the topic, and its subscriptions."""
        sns, arn = context.clients.sns, model["TopicArn"]
        attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
        described: Model = {**TOPIC_DEFAULTS, **attributes, "TopicName": arn.rsplit(":", 1)[-1]}
        if "Subscription" in expected:
            asked = {(entry["Protocol"], entry["Endpoint"]) for entry in expected["Subscription"]}
            pairs = asked & _subscriptions(sns, arn).keys()
            described["Subscription"] = [{"Protocol": protocol, "Endpoint": end} for protocol, end in sorted(pairs)]
        if "Tags" in expected:
            described["Tags"] = sns.list_tags_for_resource(ResourceArn=arn)["Tags"]
        return described


class TopicPolicy:
    """A policy that some topics share."""

    schema = Schema(
        type="AWS::SNS::TopicPolicy",
        identifier="Id",
        create_only=frozenset(),
        mutable=names("PolicyDocument Topics"),
        read_only=names("Id"),
    )

    def make(self, context: Context, _model: Model) -> Model:
        """Name the policy."""
        return {"Id": context.generated_name(100)}

    def apply(self, context: Context, model: Model, before: Properties | None) -> None:
        """Set the policy on its topics; those that are its no more get the default one."""
        document = json.dumps(model["PolicyDocument"])
        for arn in model["Topics"]:
            context.clients.sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=document)
        self._clear(context.clients.sns, set((before or {}).get("Topics") or ()) - set(model["Topics"]))

    def remove(self, context: Context, model: Model) -> None:
        """Give the topics the default policy."""
        self._clear(context.clients.sns, set(model["Topics"]))

    def read(self, context: Context, model: Model, expected: Properties) -> Properties:
        """The policy that its topics have, and those that have it."""
        sns = context.clients.sns
        documents = {
            arn: json.loads(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]) for arn in model["Topics"]
        }
        return shared_policy("Topics", documents, expected)

    def _clear(self, sns: Any, arns: set[str]) -> None:
        from localstack.services.sns.utils import create_default_topic_policy

        for arn in sorted(arns):
            with suppress(sns.exceptions.NotFoundException):
                sns.set_topic_attributes(
                    TopicArn=arn, AttributeName="Policy", AttributeValue=create_default_topic_policy(arn)
                )


class Subscription:
    """A subscription to a topic of the stack's own region."""

    schema = Schema(
        type="AWS::SNS::Subscription",
        identifier="Arn",
        create_only=names("Endpoint Protocol TopicArn"),
        mutable=names("DeliveryPolicy FilterPolicy FilterPolicyScope RawMessageDelivery RedrivePolicy Region"),
        refused=names("ReplayPolicy SubscriptionRoleArn"),
        read_only=names("Arn"),
    )

    def make(self, context: Context, model: Model) -> Model:
        """Subscribe."""
        region = model.get("Region") or context.region
        if region != context.region:
            raise Refused(f"Region {region} is not that of the stack; such subscriptions are not emulated")
        attributes = {key: text_of(model[key]) for key in (self.schema.mutable - {"Region"}) & model.keys()}
        answer = context.clients.sns.subscribe(
            TopicArn=model["TopicArn"],
            Protocol=model["Protocol"],
            Endpoint=model["Endpoint"],
            Attributes=attributes,
            ReturnSubscriptionArn=True,
        )
        return {"Arn": answer["SubscriptionArn"]}

    def apply(self, context: Context, model: Model, before: Properties | None) -> None:
        """Set the attributes of a subscription that was there before."""
        if before is None:
            return
        sns, arn = context.clients.sns, model["Arn"]
        there = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
        for key, default in SUBSCRIPTION_DEFAULTS.items():
            value = text_of(model[key]) if key in model else default
            if value != there.get(key, default):
                sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName=key, AttributeValue=value)

    def remove(self, context: Context, model: Model) -> None:
        """Unsubscribe."""
        context.clients.sns.unsubscribe(SubscriptionArn=model["Arn"])

    def read(self, context: Context, model: Model, _expected: Properties) -> Properties:
        """The attributes of the subscription."""
        attributes = context.clients.sns.get_subscription_attributes(SubscriptionArn=model["Arn"])["Attributes"]
        documents = {
            key: json.loads(attributes.get(key) or NO_POLICY)
            for key in ("FilterPolicy", "RedrivePolicy", "DeliveryPolicy")
        }
        return {**SUBSCRIPTION_DEFAULTS, **attributes, **documents, "Region": model["Arn"].split(":")[3]}


def _subscriptions(sns: Any, arn: str) -> dict[tuple[str, str], str]:
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
    return {
        (entry["Protocol"], entry["Endpoint"]): entry["SubscriptionArn"]
        for page in pages
        for entry in page["Subscriptions"]
    }
