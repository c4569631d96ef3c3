"""Creating, describing, listing, tagging and setting streams, as a client sees it."""

import json

import pytest

from tests.unit.emulator.kinesis.service import Service, broken
from wavetank.emulator.kinesis.config import CONFIG
from wavetank.emulator.runtime.clock import CLOCK


def test_a_new_stream_is_active_at_once(kinesis: Service) -> None:
    arn = kinesis.create("s", 2)
    stream = kinesis.call("DescribeStream", StreamName="s")["StreamDescription"]
    shards = stream.pop("Shards")
    stream.pop("StreamCreationTimestamp")
    assert stream == {
        "StreamName": "s",
        "StreamARN": "arn:aws:kinesis:us-east-1:000000000000:stream/s",
        "StreamStatus": "ACTIVE",
        "StreamModeDetails": {"StreamMode": "PROVISIONED"},
        "HasMoreShards": False,
        "RetentionPeriodHours": 24,
        "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
        "EncryptionType": "NONE",
    }
    assert stream["StreamARN"] == arn
    assert [shard["ShardId"] for shard in shards] == ["shardId-000000000000", "shardId-000000000001"]
    assert [set(shard["SequenceNumberRange"]) for shard in shards] == [{"StartingSequenceNumber"}] * 2


def test_a_stream_in_another_partition_has_that_partitions_arn(kinesis: Service) -> None:
    for region, partition in (("cn-north-1", "aws-cn"), ("us-gov-east-1", "aws-us-gov")):
        kinesis.call("CreateStream", StreamName="s", region=region)
        answer = kinesis.call("DescribeStream", StreamName="s", region=region)
        expected = f"arn:{partition}:kinesis:{region}:000000000000:stream/s"
        assert answer["StreamDescription"]["StreamARN"] == expected
        assert kinesis.call("DescribeStream", StreamARN=expected) == answer


def test_without_a_shard_count_a_stream_is_on_demand_with_four_shards(kinesis: Service) -> None:
    kinesis.call("CreateStream", StreamName="s")
    summary = kinesis.call("DescribeStreamSummary", StreamName="s")["StreamDescriptionSummary"]
    assert (summary["StreamModeDetails"], summary["OpenShardCount"]) == ({"StreamMode": "ON_DEMAND"}, 4)


def test_streams_of_accounts_and_regions_are_apart(kinesis: Service) -> None:
    for account, region in (("111111111111", "us-east-1"), ("000000000000", "eu-west-1")):
        kinesis.call("CreateStream", account=account, region=region, StreamName="s", ShardCount=1)
        assert kinesis.call("ListStreams", account=account, region=region)["StreamNames"] == ["s"]
    assert kinesis.call("ListStreams")["StreamNames"] == []


def test_streams_are_listed_in_pages_by_name_and_by_token(kinesis: Service) -> None:
    names = sorted(f"s-{number:02d}" for number in range(7))
    for name in reversed(names):
        kinesis.create(name)
    by_name = kinesis.call("ListStreams", Limit=3)
    assert (by_name["StreamNames"], by_name["HasMoreStreams"]) == (names[:3], True)
    rest = kinesis.call("ListStreams", Limit=3, ExclusiveStartStreamName=names[2])
    last = kinesis.call("ListStreams", Limit=3, NextToken=rest["NextToken"])
    assert [rest["StreamNames"], last["StreamNames"], last["HasMoreStreams"]] == [names[3:6], names[6:], False]
    assert [summary["StreamName"] for summary in last["StreamSummaries"]] == names[6:]


def test_a_deleted_stream_is_gone_at_once(kinesis: Service) -> None:
    arn = kinesis.create("s")
    kinesis.call("DeleteStream", StreamARN=arn)
    expected = ("ResourceNotFoundException", "Stream s under account 000000000000 not found.")
    assert kinesis.refusal("DescribeStream", StreamName="s") == expected
    assert kinesis.refusal("DeleteStream", StreamName="s") == expected


def test_a_stream_with_consumers_is_deleted_only_together_with_them(kinesis: Service) -> None:
    arn = kinesis.create("s")
    kinesis.call("RegisterStreamConsumer", StreamARN=arn, ConsumerName="c")
    assert kinesis.refusal("DeleteStream", StreamName="s")[0] == "ResourceInUseException"
    kinesis.call("DeleteStream", StreamName="s", EnforceConsumerDeletion=True)
    assert kinesis.call("ListStreams")["StreamNames"] == []


NAME_PATTERN = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"


@pytest.mark.parametrize(
    ("parameters", "broken_constraints"),
    [
        ({"ShardCount": 1}, [("null", "streamName", "Member must not be null")]),
        ({"StreamName": "a b", "ShardCount": 1}, [("'a b'", "streamName", NAME_PATTERN)]),
        (
            {"StreamName": "", "ShardCount": 0},
            [
                ("''", "streamName", "Member must have length greater than or equal to 1"),
                ("''", "streamName", NAME_PATTERN),
                ("'0'", "shardCount", "Member must have value greater than or equal to 1"),
            ],
        ),
    ],
)
def test_every_constraint_that_is_broken_is_told(
    kinesis: Service, parameters: dict[str, object], broken_constraints: list[tuple[str, str, str]]
) -> None:
    count = len(broken_constraints)
    told = "; ".join(broken(*constraint) for constraint in broken_constraints)
    message = f"{count} validation error{'s' if count > 1 else ''} detected: {told}"
    assert kinesis.refusal("CreateStream", **parameters) == ("ValidationException", message)


def test_a_name_that_is_taken_is_refused(kinesis: Service) -> None:
    kinesis.create("s", 2)
    assert kinesis.refusal("CreateStream", StreamName="s", ShardCount=1) == (
        "ResourceInUseException",
        "Stream s under account 000000000000 already exists.",
    )


def test_more_shards_than_the_account_may_have_are_refused(kinesis: Service) -> None:
    CONFIG.shard_quota = 10
    kinesis.create("s", 2)
    assert kinesis.refusal("CreateStream", StreamName="x", ShardCount=9) == (
        "LimitExceededException",
        "This request would exceed the shard limit for the account 000000000000 in us-east-1. Current shard count "
        "for the account: 2. Limit: 10. Number of additional shards that would have resulted from this request: 9. "
        "Refer to the AWS Service Limits page (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) "
        "for current limits and how to request higher limits.",
    )


def test_limits_count_open_shards_and_on_demand_streams(kinesis: Service) -> None:
    CONFIG.on_demand_quota = 1
    kinesis.create("s", 3)
    kinesis.call("CreateStream", StreamName="t", StreamModeDetails={"StreamMode": "ON_DEMAND"})
    assert kinesis.call("DescribeLimits") == {
        "ShardLimit": CONFIG.shard_quota,
        "OpenShardCount": 3,
        "OnDemandStreamCount": 1,
        "OnDemandStreamCountLimit": 1,
    }
    assert kinesis.refusal("CreateStream", StreamName="u")[0] == "LimitExceededException"


def test_retention_changes_by_both_operations(kinesis: Service) -> None:
    kinesis.create("s")
    kinesis.call("IncreaseStreamRetentionPeriod", StreamName="s", RetentionPeriodHours=48)
    assert retention(kinesis) == 48
    refused = kinesis.refusal("IncreaseStreamRetentionPeriod", StreamName="s", RetentionPeriodHours=24)
    assert refused[0] == "InvalidArgumentException"
    kinesis.call("PutRecord", StreamName="s", Data=b"x", PartitionKey="k")
    CLOCK.advance(25 * 3600)
    assert kinesis.read("s") == [b"x"]
    kinesis.call("DecreaseStreamRetentionPeriod", StreamName="s", RetentionPeriodHours=24)
    assert kinesis.read("s") == []


@pytest.mark.parametrize("operation", ["IncreaseStreamRetentionPeriod", "DecreaseStreamRetentionPeriod"])
def test_more_than_a_year_is_refused_whichever_way_it_is_asked_for(kinesis: Service, operation: str) -> None:
    kinesis.create("s")
    assert kinesis.refusal(operation, StreamName="s", RetentionPeriodHours=9_999) == (
        "InvalidArgumentException",
        "Maximum allowed retention period is 8760 hours. Requested retention period (9999 hours) is too long.",
    )


def retention(kinesis: Service) -> int:
    return int(kinesis.call("DescribeStream", StreamName="s")["StreamDescription"]["RetentionPeriodHours"])


def test_a_stream_changes_its_mode(kinesis: Service) -> None:
    arn = kinesis.create("s")
    kinesis.call("UpdateStreamMode", StreamARN=arn, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    summary = kinesis.call("DescribeStreamSummary", StreamARN=arn)["StreamDescriptionSummary"]
    assert summary["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    refused = kinesis.refusal("UpdateShardCount", StreamName="s", TargetShardCount=2, ScalingType="UNIFORM_SCALING")
    message = "Request is invalid. Stream s under account 000000000000 is in On-Demand mode."
    assert refused == ("ValidationException", message)


def test_encryption_is_started_and_stopped(kinesis: Service) -> None:
    kinesis.create("s")
    key = {"StreamName": "s", "EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}
    described = []
    for operation in ("StartStreamEncryption", "StopStreamEncryption"):
        kinesis.call(operation, **key)
        stream = kinesis.call("DescribeStream", StreamName="s")["StreamDescription"]
        described.append((stream["EncryptionType"], stream.get("KeyId")))
    assert described == [("KMS", "alias/aws/kinesis"), ("NONE", None)]


def test_enhanced_monitoring_says_what_was_and_what_will_be(kinesis: Service) -> None:
    arn = kinesis.create("s")
    enabled = kinesis.call("EnableEnhancedMonitoring", StreamName="s", ShardLevelMetrics=["ALL"])
    assert (enabled["CurrentShardLevelMetrics"], len(enabled["DesiredShardLevelMetrics"])) == ([], 7)
    disabled = kinesis.call("DisableEnhancedMonitoring", StreamARN=arn, ShardLevelMetrics=["IncomingBytes"])
    assert (len(disabled["CurrentShardLevelMetrics"]), len(disabled["DesiredShardLevelMetrics"])) == (7, 6)
    stream = kinesis.call("DescribeStream", StreamName="s")["StreamDescription"]
    assert stream["EnhancedMonitoring"][0]["ShardLevelMetrics"] == disabled["DesiredShardLevelMetrics"]


def test_tags_of_a_stream_are_the_same_by_both_apis(kinesis: Service) -> None:
    kinesis.call("CreateStream", StreamName="s", ShardCount=1, Tags={"a": "1"})
    arn = kinesis.call("DescribeStreamSummary", StreamName="s")["StreamDescriptionSummary"]["StreamARN"]
    kinesis.call("AddTagsToStream", StreamName="s", Tags={"b": "2", "c": "3"})
    kinesis.call("TagResource", ResourceARN=arn, Tags={"d": "4"})
    kinesis.call("RemoveTagsFromStream", StreamName="s", TagKeys=["b"])
    kinesis.call("UntagResource", ResourceARN=arn, TagKeys=["c", "unknown"])
    expected = [{"Key": "a", "Value": "1"}, {"Key": "d", "Value": "4"}]
    assert kinesis.call("ListTagsForStream", StreamName="s") == {"Tags": expected, "HasMoreTags": False}
    assert kinesis.call("ListTagsForResource", ResourceARN=arn)["Tags"] == expected


def test_tags_are_listed_in_pages(kinesis: Service) -> None:
    kinesis.create("s")
    kinesis.call("AddTagsToStream", StreamName="s", Tags=dict.fromkeys("dbca", ""))
    page = kinesis.call("ListTagsForStream", StreamName="s", Limit=3)
    assert ([tag["Key"] for tag in page["Tags"]], page["HasMoreTags"]) == (["a", "b", "c"], True)
    rest = kinesis.call("ListTagsForStream", StreamName="s", ExclusiveStartTagKey="c")
    assert ([tag["Key"] for tag in rest["Tags"]], rest["HasMoreTags"]) == (["d"], False)


def test_too_many_tags_and_illegal_ones_are_refused(kinesis: Service) -> None:
    kinesis.create("s")
    many = {str(number): "" for number in range(51)}
    for tags in (many, {"a*": "1"}, {"a": "1;"}, {"a": "1,2"}):
        assert kinesis.refusal("AddTagsToStream", StreamName="s", Tags=tags)[0] == "InvalidArgumentException"
    assert kinesis.call("ListTagsForStream", StreamName="s")["Tags"] == []


def test_a_tag_may_have_every_character_that_aws_lists(kinesis: Service) -> None:
    kinesis.create("s")
    tags = {"ключ 1": "50%", "_./=+-@:": "é_ . / = + - % @"}
    kinesis.call("AddTagsToStream", StreamName="s", Tags=tags)
    assert {tag["Key"]: tag["Value"] for tag in kinesis.call("ListTagsForStream", StreamName="s")["Tags"]} == tags


def test_a_resource_policy_is_kept_until_it_is_deleted(kinesis: Service) -> None:
    arn = kinesis.create("s")
    assert kinesis.call("GetResourcePolicy", ResourceARN=arn)["Policy"] == "{}"
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    kinesis.call("PutResourcePolicy", ResourceARN=arn, Policy=policy)
    assert kinesis.call("GetResourcePolicy", ResourceARN=arn)["Policy"] == policy
    kinesis.call("DeleteResourcePolicy", ResourceARN=arn)
    assert kinesis.refusal("DeleteResourcePolicy", ResourceARN=arn) == (
        "ResourceNotFoundException",
        f"No resource policy found for resource ARN {arn}",
    )


def test_a_policy_for_what_is_not_a_stream_is_refused(kinesis: Service) -> None:
    arn = kinesis.create("s")
    missing = "arn:aws:kinesis:us-east-1:000000000000:stream/missing"
    not_one = "arn:aws:kinesis:us-east-1:000000000000:stream/s/more"
    assert kinesis.refusal("GetResourcePolicy", ResourceARN=missing)[0] == "ResourceNotFoundException"
    assert kinesis.refusal("GetResourcePolicy", ResourceARN=not_one)[0] == "ValidationException"
    refused = kinesis.refusal("PutResourcePolicy", ResourceARN=arn, Policy="nonsense")
    assert refused[0] == "InvalidArgumentException"


def test_warm_throughput_needs_an_on_demand_stream_and_a_commitment(kinesis: Service) -> None:
    arn = kinesis.create("s")
    warm = {"StreamARN": arn, "WarmThroughputMiBps": 50}
    assert kinesis.refusal("UpdateStreamWarmThroughput", **warm)[0] == "ValidationException"
    kinesis.call("UpdateStreamMode", StreamARN=arn, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    assert kinesis.refusal("UpdateStreamWarmThroughput", **warm)[0] == "ValidationException"
    assert commitment(kinesis) == "DISABLED"
    kinesis.call("UpdateAccountSettings", MinimumThroughputBillingCommitment={"Status": "ENABLED"})
    answer = kinesis.call_with("UpdateStreamWarmThroughput", warm)
    assert answer["WarmThroughput"] == {"TargetMiBps": 50, "CurrentMiBps": 50}


def test_a_commitment_holds_for_a_day(kinesis: Service) -> None:
    kinesis.call("UpdateAccountSettings", MinimumThroughputBillingCommitment={"Status": "ENABLED"})
    assert commitment(kinesis) == "ENABLED"
    kinesis.call("UpdateAccountSettings", MinimumThroughputBillingCommitment={"Status": "DISABLED"})
    assert commitment(kinesis) == "ENABLED_UNTIL_EARLIEST_ALLOWED_END"
    CLOCK.advance(24 * 3600 + 1)
    assert commitment(kinesis) == "DISABLED"


def commitment(kinesis: Service) -> str:
    answer = kinesis.call("DescribeAccountSettings")
    return str(answer["MinimumThroughputBillingCommitment"]["Status"])


@pytest.mark.parametrize(
    "arn", ["arn:aws:kinesis:nowhere:000000000000:stream/s", "arn:aws:kinesis:us-east-1:000000000001:stream/s"]
)
def test_a_stream_of_another_place_is_not_found(kinesis: Service, arn: str) -> None:
    kinesis.create("s")
    assert kinesis.refusal("DescribeStream", StreamARN=arn)[0] == "ResourceNotFoundException"
