"""CloudFormation says how an operation ended, and what failed is as if it had not been tried.

Sources: the CloudFormation user guide ("Stack failure options", "Understand update behaviors of stack resources",
"Stack status codes", "Resource attributes: DeletionPolicy") and the events in its examples of rollbacks.
"""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.parity.cloudformation_kit import Formation, resource, template
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

TOO_LONG_H = 9_000
"""More hours than a stream may retain records: the service refuses, so the resource fails."""


@pytest.fixture
def formation(stack: EmbeddedStack) -> Iterator[Formation]:
    """A stack of this test's own, deleted after it."""
    formation = Formation(stack)
    yield formation
    formation.api.delete_stack(StackName=formation.name)


def stream(**properties: Any) -> dict[str, Any]:
    return resource("Kinesis::Stream", properties)


def shards(formation: Formation, logical_id: str = "Stream") -> int:
    kinesis = formation.stack.client("kinesis")
    summary = kinesis.describe_stream_summary(StreamName=formation.physical()[logical_id])
    return int(summary["StreamDescriptionSummary"]["OpenShardCount"])


def retention(formation: Formation, logical_id: str = "Stream") -> int:
    kinesis = formation.stack.client("kinesis")
    summary = kinesis.describe_stream_summary(StreamName=formation.physical()[logical_id])
    return int(summary["StreamDescriptionSummary"]["RetentionPeriodHours"])


@pytest.mark.parametrize("way", ["update", "execute"])
def test_an_update_that_fails_is_rolled_back_and_says_so(formation: Formation, way: str) -> None:
    assert formation.create({"Stream": stream(ShardCount=2)}) == "CREATE_COMPLETE"
    wanted = {"Stream": stream(ShardCount=2, RetentionPeriodHours=TOO_LONG_H)}
    status = formation.update(wanted) if way == "update" else formation.execute(wanted, "UPDATE")
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert formation.statuses()[-4:] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]
    assert formation.statuses("Stream")[-4:] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_FAILED",
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE",
    ]
    reasons = {status: reason for _, status, reason in formation.events() if reason}
    assert str(TOO_LONG_H) in reasons["UPDATE_FAILED"]
    assert "The following resource(s) failed to update: [Stream]." in reasons["UPDATE_ROLLBACK_IN_PROGRESS"]
    assert retention(formation) == 24


def test_what_an_update_did_before_it_failed_is_undone(formation: Formation) -> None:
    queue, topic = resource("SQS::Queue", {"VisibilityTimeout": 40}), resource("SNS::Topic")
    assert formation.create({"Queue": queue, "Topic": topic, "Stream": stream(ShardCount=1)}) == "CREATE_COMPLETE"
    before = formation.physical()
    wanted = {
        "Queue": resource("SQS::Queue", {"VisibilityTimeout": 50, "DelaySeconds": 3}),
        "Topic": resource("SNS::Topic", {"TopicName": f"{formation.name}-other"}),
        "Added": resource("SQS::Queue"),
        "Stream": stream(ShardCount=2, RetentionPeriodHours=TOO_LONG_H),
        "Last": resource("SQS::Queue", DependsOn=["Stream"]),
    }
    wanted["Stream"]["DependsOn"] = ["Queue", "Topic", "Added"]
    assert formation.update(wanted) == "UPDATE_ROLLBACK_COMPLETE"
    assert formation.physical() == before
    sqs, sns = formation.stack.client("sqs"), formation.stack.client("sns")
    attributes = sqs.get_queue_attributes(QueueUrl=before["Queue"], AttributeNames=["All"])["Attributes"]
    assert (attributes["VisibilityTimeout"], attributes["DelaySeconds"]) == ("40", "0")
    assert len(sqs.list_queues(QueueNamePrefix=formation.name)["QueueUrls"]) == 1
    topics = [topic["TopicArn"] for topic in sns.list_topics()["Topics"] if formation.name in topic["TopicArn"]]
    assert topics == [before["Topic"]]
    assert shards(formation) == 1
    assert formation.statuses("Last") == []


def test_a_removed_resource_outlives_an_update_that_fails(formation: Formation) -> None:
    resources = {"Queue": resource("SQS::Queue"), "Stream": stream(ShardCount=1)}
    assert formation.create(resources) == "CREATE_COMPLETE"
    assert formation.update({"Stream": stream(ShardCount=1, RetentionPeriodHours=TOO_LONG_H)}) == (
        "UPDATE_ROLLBACK_COMPLETE"
    )
    url = formation.physical()["Queue"]
    assert formation.stack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    assert formation.update({"Stream": stream(ShardCount=1)}) == "UPDATE_COMPLETE"
    assert set(formation.physical()) == {"Stream"}
    assert not formation.stack.client("sqs").list_queues(QueueNamePrefix=formation.name).get("QueueUrls")


def test_an_update_after_one_that_failed_is_made(formation: Formation) -> None:
    assert formation.create({"Stream": stream(ShardCount=2)}) == "CREATE_COMPLETE"
    failing = {"Stream": stream(ShardCount=2, RetentionPeriodHours=TOO_LONG_H)}
    assert formation.update(failing) == "UPDATE_ROLLBACK_COMPLETE"
    assert formation.update(failing) == "UPDATE_ROLLBACK_COMPLETE"
    with pytest.raises(ClientError, match="No updates are to be performed"):
        formation.update({"Stream": stream(ShardCount=2)})
    assert formation.update({"Stream": stream(ShardCount=4)}) == "UPDATE_COMPLETE"
    assert shards(formation) == 4


def test_shards_are_doubled_at_most_in_one_update(formation: Formation) -> None:
    assert formation.create({"Stream": stream(ShardCount=2)}) == "CREATE_COMPLETE"
    assert formation.update({"Stream": stream(ShardCount=10)}) == "UPDATE_ROLLBACK_COMPLETE"
    [reason] = [reason for _, status, reason in formation.events("Stream") if status == "UPDATE_FAILED"]
    assert "cannot update to target shard count: 10" in reason.lower() or "double" in reason
    assert shards(formation) == 2


def test_a_stack_that_cannot_be_created_is_rolled_back(formation: Formation) -> None:
    resources = {"Queue": resource("SQS::Queue"), "Stream": stream(RetentionPeriodHours=TOO_LONG_H)}
    resources["Stream"]["DependsOn"] = ["Queue"]
    assert formation.create(resources) == "ROLLBACK_COMPLETE"
    assert formation.statuses() == ["CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]
    assert formation.statuses("Queue")[-2:] == ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]
    [reason] = [reason for _, status, reason in formation.events("Stream") if status == "CREATE_FAILED"]
    assert str(TOO_LONG_H) in reason
    assert not formation.stack.client("sqs").list_queues(QueueNamePrefix=formation.name).get("QueueUrls")
    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        formation.update({"Queue": resource("SQS::Queue")})
    assert formation.delete() == "DELETE_COMPLETE"
    assert formation.create({"Queue": resource("SQS::Queue")}) == "CREATE_COMPLETE"


def test_what_could_be_created_stays_where_the_caller_says_so(formation: Formation) -> None:
    resources = {"Queue": resource("SQS::Queue"), "Stream": stream(RetentionPeriodHours=TOO_LONG_H)}
    resources["Stream"]["DependsOn"] = ["Queue"]
    assert formation.create(resources, OnFailure="DO_NOTHING") == "CREATE_FAILED"
    assert formation.stack.client("sqs").list_queues(QueueNamePrefix=formation.name)["QueueUrls"]
    assert formation.delete() == "DELETE_COMPLETE"
    assert not formation.stack.client("sqs").list_queues(QueueNamePrefix=formation.name).get("QueueUrls")


def test_a_bucket_that_holds_objects_keeps_its_stack_from_being_deleted(formation: Formation) -> None:
    resources = {"Bucket": resource("S3::Bucket"), "Queue": resource("SQS::Queue")}
    assert formation.create(resources) == "CREATE_COMPLETE"
    bucket, s3 = formation.physical()["Bucket"], formation.stack.client("s3")
    s3.put_object(Bucket=bucket, Key="held", Body=b"")
    assert formation.delete() == "DELETE_FAILED"
    assert "The following resource(s) failed to delete: [Bucket]." in formation.described()["StackStatusReason"]
    assert set(formation.physical()) == {"Bucket"}
    [reason] = [reason for _, status, reason in formation.events("Bucket") if status == "DELETE_FAILED"]
    assert "not empty" in reason
    s3.delete_object(Bucket=bucket, Key="held")
    assert formation.delete() == "DELETE_COMPLETE"


def test_a_resource_that_somebody_else_has_made_is_neither_taken_over_nor_deleted(formation: Formation) -> None:
    s3, name = formation.stack.client("s3"), f"theirs-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    assert formation.create({"Bucket": resource("S3::Bucket", {"BucketName": name})}) == "ROLLBACK_COMPLETE"
    [reason] = [reason for _, status, reason in formation.events("Bucket") if status == "CREATE_FAILED"]
    assert "already exists" in reason
    assert formation.delete() == "DELETE_COMPLETE"
    s3.head_bucket(Bucket=name)
    s3.delete_bucket(Bucket=name)


@pytest.mark.parametrize(("policy", "stays"), [("Retain", True), ("RetainExceptOnCreate", False), ("Delete", False)])
def test_a_creation_that_is_rolled_back_leaves_what_is_to_be_retained(
    formation: Formation, policy: str, *, stays: bool
) -> None:
    queue = resource("SQS::Queue", DeletionPolicy=policy)
    failing = resource("Kinesis::Stream", {"RetentionPeriodHours": TOO_LONG_H}, DependsOn=["Queue"])
    assert formation.create({"Queue": queue, "Stream": failing}) == "ROLLBACK_COMPLETE"
    sqs = formation.stack.client("sqs")
    left = sqs.list_queues(QueueNamePrefix=formation.name).get("QueueUrls", [])
    assert bool(left) is stays
    for url in left:
        sqs.delete_queue(QueueUrl=url)


@pytest.mark.parametrize("policy", ["Retain", "RetainExceptOnCreate"])
def test_what_is_to_be_retained_outlives_its_stack_whatever_was_rolled_back(formation: Formation, policy: str) -> None:
    def resources(timeout: int, hours: int) -> dict[str, Any]:
        queue = resource("SQS::Queue", {"VisibilityTimeout": timeout}, DeletionPolicy=policy)
        return {"Queue": queue, "Stream": stream(RetentionPeriodHours=hours) | {"DependsOn": ["Queue"]}}

    assert formation.create(resources(1, 24)) == "CREATE_COMPLETE"
    assert formation.update(resources(2, TOO_LONG_H)) == "UPDATE_ROLLBACK_COMPLETE"
    assert formation.delete() == "DELETE_COMPLETE"
    sqs = formation.stack.client("sqs")
    [left] = sqs.list_queues(QueueNamePrefix=formation.name)["QueueUrls"]
    sqs.delete_queue(QueueUrl=left)


def test_a_parameter_is_changed_in_the_template_that_is_there(formation: Formation) -> None:
    queue = resource("SQS::Queue", {"DelaySeconds": {"Ref": "Delay"}})
    text = json.dumps({"Parameters": {"Delay": {"Type": "Number"}}, "Resources": {"Queue": queue}})

    def given(delay: int) -> dict[str, Any]:
        return {
            "StackName": formation.name,
            "Parameters": [{"ParameterKey": "Delay", "ParameterValue": str(delay)}],
        }

    formation.api.create_stack(TemplateBody=text, **given(1))
    assert formation.ended() == "CREATE_COMPLETE"
    formation.api.update_stack(UsePreviousTemplate=True, **given(2))
    assert formation.ended() == "UPDATE_COMPLETE"
    assert formation.drifts() == {}


def test_drift_is_detected_and_named(formation: Formation) -> None:
    resources = {"Queue": resource("SQS::Queue", {"DelaySeconds": 1}), "Topic": resource("SNS::Topic")}
    assert formation.create(resources) == "CREATE_COMPLETE"
    assert formation.drifts() == {}
    sqs, sns = formation.stack.client("sqs"), formation.stack.client("sns")
    sqs.set_queue_attributes(QueueUrl=formation.physical()["Queue"], Attributes={"DelaySeconds": "2"})
    sns.delete_topic(TopicArn=formation.physical()["Topic"])
    assert formation.drifts() == {"Queue": ["/DelaySeconds"], "Topic": ["DELETED"]}
    detection = formation.api.detect_stack_drift(StackName=formation.name)["StackDriftDetectionId"]
    status = formation.api.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
    assert (status["StackDriftStatus"], status["DriftedStackResourceCount"]) == ("DRIFTED", 2)


def test_what_an_update_added_goes_with_the_stack(formation: Formation) -> None:
    assert formation.create({"Stream": stream(ShardCount=1)}) == "CREATE_COMPLETE"
    assert formation.update({"Stream": stream(ShardCount=1), "Queue": resource("SQS::Queue")}) == "UPDATE_COMPLETE"
    assert formation.delete() == "DELETE_COMPLETE"
    assert not formation.stack.client("sqs").list_queues(QueueNamePrefix=formation.name).get("QueueUrls")


def test_a_type_whose_update_is_not_emulated_fails_it(formation: Formation) -> None:
    def key(policy: str) -> dict[str, Any]:
        statement = {"Sid": policy, "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
        return resource("KMS::Key", {"KeyPolicy": {"Version": "2012-10-17", "Statement": [statement]}})

    assert formation.create({"Key": key("one")}) == "CREATE_COMPLETE"
    assert formation.update({"Key": key("two")}) == "UPDATE_ROLLBACK_COMPLETE"
    [reason] = [reason for _, status, reason in formation.events("Key") if status == "UPDATE_FAILED"]
    assert "AWS::KMS::Key" in reason
    assert "not emulated" in reason


def test_a_resource_with_a_name_of_its_own_is_not_replaced(formation: Formation) -> None:
    name = f"{formation.name}-role"
    trust = {"Version": "2012-10-17", "Statement": []}
    role = {"RoleName": name, "AssumeRolePolicyDocument": trust}
    assert formation.create({"Role": resource("IAM::Role", role)}) == "CREATE_COMPLETE"
    assert formation.update({"Role": resource("IAM::Role", {**role, "Path": "/a/"})}) == "UPDATE_ROLLBACK_COMPLETE"
    [reason] = [reason for _, status, reason in formation.events("Role") if status == "UPDATE_FAILED"]
    assert f"a custom-named resource requires replacing. Rename {name} and update the stack again" in reason


@pytest.mark.parametrize(
    ("kind", "properties", "named"),
    [
        ("SQS::Queue", {"Colour": "red"}, "Colour"),
        ("Kinesis::Stream", {"StreamEncryption": {"EncryptionType": "KMS", "Key": "k"}}, "StreamEncryption/Key"),
        ("S3::Bucket", {"ReplicationConfiguration": {"Role": "r", "Rules": []}}, "ReplicationConfiguration"),
    ],
)
def test_a_property_that_is_unknown_or_not_emulated_is_refused_by_name(
    formation: Formation, kind: str, properties: dict[str, Any], named: str
) -> None:
    assert formation.create({"It": resource(kind, properties)}) == "ROLLBACK_COMPLETE"
    [reason] = [reason for _, status, reason in formation.events("It") if status == "CREATE_FAILED"]
    assert named in reason


def test_a_stack_is_changed_by_update_and_by_change_set_in_turn(formation: Formation) -> None:
    def pair(timeout: int) -> dict[str, Any]:
        dead = resource("SQS::Queue", {"VisibilityTimeout": timeout})
        policy = {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": timeout}
        return {"Dead": dead, "Queue": resource("SQS::Queue", {"RedrivePolicy": policy, "DelaySeconds": timeout})}

    def delay() -> str:
        url = formation.physical()["Queue"]
        attributes = formation.stack.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])
        return str(attributes["Attributes"]["DelaySeconds"])

    assert formation.execute(pair(1), "CREATE") == "CREATE_COMPLETE"
    assert formation.update(pair(2)) == "UPDATE_COMPLETE"
    assert formation.execute(pair(3), "UPDATE") == "UPDATE_COMPLETE"
    assert delay() == "3"
    assert formation.update(pair(4)) == "UPDATE_COMPLETE"
    assert delay() == "4"


def test_a_template_that_names_no_resource_type_is_refused_before_anything_is_done(formation: Formation) -> None:
    with pytest.raises(ClientError, match="Every Resources object must contain a Type member"):
        formation.api.create_stack(StackName=formation.name, TemplateBody=template({"It": {"Properties": {}}}))
