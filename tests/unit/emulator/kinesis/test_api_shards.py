"""Listing and resharding, as a client sees it."""

from typing import Any

import pytest

from tests.unit.emulator.kinesis.service import Service
from wavetank.emulator.kinesis.config import CONFIG
from wavetank.emulator.runtime.clock import CLOCK

HALF = str(2**127)


def shard_ids(answer: Any) -> list[int]:
    return [int(shard["ShardId"][-4:]) for shard in answer["Shards"]]


def test_shards_are_listed_in_pages(kinesis: Service) -> None:
    kinesis.create("s", 5)
    page = kinesis.call("ListShards", StreamName="s", MaxResults=2)
    assert shard_ids(page) == [0, 1]
    rest = kinesis.call("ListShards", NextToken=page["NextToken"], MaxResults=2)
    last = kinesis.call("ListShards", NextToken=rest["NextToken"])
    assert (shard_ids(rest), shard_ids(last), "NextToken" in last) == ([2, 3], [4], False)
    after = kinesis.call("ListShards", StreamName="s", ExclusiveStartShardId="shardId-000000000002")
    assert shard_ids(after) == [3, 4]
    described = kinesis.call("DescribeStream", StreamName="s", Limit=2, ExclusiveStartShardId="shardId-000000000001")
    assert (shard_ids(described["StreamDescription"]), described["StreamDescription"]["HasMoreShards"]) == (
        [2, 3],
        True,
    )


def test_a_token_names_the_stream_and_lives_five_minutes(kinesis: Service) -> None:
    kinesis.create("s", 5)
    token = kinesis.call("ListShards", StreamName="s", MaxResults=2)["NextToken"]
    assert kinesis.refusal("ListShards", StreamName="s", NextToken=token) == (
        "InvalidArgumentException",
        "NextToken and StreamName cannot be provided together.",
    )
    assert kinesis.refusal("ListShards")[0] == "InvalidArgumentException"
    assert kinesis.refusal("ListShards", NextToken="nonsense")[0] == "InvalidArgumentException"
    CLOCK.advance(301)
    assert kinesis.refusal("ListShards", NextToken=token)[0] == "ExpiredNextTokenException"


@pytest.mark.parametrize(
    ("selector", "value"),
    [
        ("StreamName", "s"),
        ("StreamARN", "arn:aws:kinesis:us-east-1:000000000000:stream/s"),
        ("ExclusiveStartShardId", "shardId-000000000000"),
        ("StreamCreationTimestamp", 1),
    ],
)
def test_a_token_goes_with_nothing_else_that_selects(kinesis: Service, selector: str, value: object) -> None:
    kinesis.create("s", 5)
    token = kinesis.call("ListShards", StreamName="s", MaxResults=2)["NextToken"]
    assert kinesis.refusal("ListShards", NextToken=token, **{selector: value}) == (
        "InvalidArgumentException",
        f"NextToken and {selector} cannot be provided together.",
    )


def test_a_refused_token_names_every_selector_beside_it(kinesis: Service) -> None:
    selectors = {"StreamName": "s", "ExclusiveStartShardId": "shardId-000000000000"}
    assert kinesis.refusal("ListShards", NextToken="any", **selectors) == (
        "InvalidArgumentException",
        "NextToken and StreamName, ExclusiveStartShardId cannot be provided together.",
    )


def test_each_filter_lists_the_shards_it_says(kinesis: Service) -> None:
    kinesis.create("s", 2)
    CLOCK.advance(100)
    before = CLOCK.now() - 50
    kinesis.call("SplitShard", StreamName="s", ShardToSplit="0", NewStartingHashKey="1000")
    CLOCK.advance(100)
    after = CLOCK.now() - 50
    filters: dict[tuple[str, object], list[int]] = {
        ("AT_LATEST", None): [1, 2, 3],
        ("AT_TRIM_HORIZON", None): [0, 1],
        ("FROM_TRIM_HORIZON", None): [0, 1, 2, 3],
        ("AFTER_SHARD_ID", "shardId-000000000001"): [2, 3],
        ("AT_TIMESTAMP", before): [0, 1],
        ("AT_TIMESTAMP", after): [1, 2, 3],
        ("FROM_TIMESTAMP", before): [0, 1, 2, 3],
        ("FROM_TIMESTAMP", after): [1, 2, 3],
    }
    for (kind, value), expected in filters.items():
        member = {"AFTER_SHARD_ID": "ShardId"}.get(kind, "Timestamp")
        shard_filter = {"Type": kind} | ({member: value} if value is not None else {})
        assert shard_ids(kinesis.call("ListShards", StreamName="s", ShardFilter=shard_filter)) == expected, shard_filter


@pytest.mark.parametrize(
    "shard_filter", [{"Type": "AT_TIMESTAMP"}, {"Type": "AFTER_SHARD_ID"}, {"Type": "AT_LATEST", "ShardId": "0"}]
)
def test_a_filter_without_what_it_needs_is_refused(kinesis: Service, shard_filter: dict[str, str]) -> None:
    kinesis.create("s")
    assert kinesis.refusal("ListShards", StreamName="s", ShardFilter=shard_filter)[0] == "InvalidArgumentException"


def test_a_filter_lasts_over_pages(kinesis: Service) -> None:
    kinesis.create("s", 3)
    kinesis.call("SplitShard", StreamName="s", ShardToSplit="0", NewStartingHashKey="1000")
    page = kinesis.call("ListShards", StreamName="s", MaxResults=2, ShardFilter={"Type": "AT_LATEST"})
    assert shard_ids(page) == [1, 2]
    assert shard_ids(kinesis.call("ListShards", NextToken=page["NextToken"])) == [3, 4]


def test_a_split_and_a_merge_show_in_the_family_of_shards(kinesis: Service) -> None:
    kinesis.create("s")
    kinesis.call("SplitShard", StreamName="s", ShardToSplit="shardId-000000000000", NewStartingHashKey=HALF)
    kinesis.call(
        "MergeShards", StreamName="s", ShardToMerge="shardId-000000000001", AdjacentShardToMerge="shardId-000000000002"
    )
    shards = kinesis.call("ListShards", StreamName="s")["Shards"]
    parents = [(shard.get("ParentShardId", "")[-1:], shard.get("AdjacentParentShardId", "")[-1:]) for shard in shards]
    assert parents == [("", ""), ("0", ""), ("0", ""), ("1", "2")]
    assert ["EndingSequenceNumber" in shard["SequenceNumberRange"] for shard in shards] == [True] * 3 + [False]


def test_a_reader_follows_a_split_to_the_children(kinesis: Service) -> None:
    kinesis.create("s")
    kinesis.call("PutRecord", StreamName="s", Data=b"before", PartitionKey="k")
    iterator = kinesis.iterator("s")
    kinesis.call("SplitShard", StreamName="s", ShardToSplit="0", NewStartingHashKey=HALF)
    kinesis.call("PutRecord", StreamName="s", Data=b"after", PartitionKey="k")
    answer = kinesis.call("GetRecords", ShardIterator=iterator)
    assert [record["Data"] for record in answer["Records"]] == [b"before"]
    assert "NextShardIterator" not in answer
    ranges = [("0", str(2**127 - 1)), (HALF, str(2**128 - 1))]
    assert answer["ChildShards"] == [
        {
            "ShardId": f"shardId-{number:012d}",
            "ParentShards": ["shardId-000000000000"],
            "HashKeyRange": {"StartingHashKey": first, "EndingHashKey": last},
        }
        for number, (first, last) in enumerate(ranges, 1)
    ]
    assert sorted(kinesis.read("s", 1) + kinesis.read("s", 2)) == [b"after"]


def test_the_shard_count_goes_up_and_down(kinesis: Service) -> None:
    arn = kinesis.create("s", 2)
    for target, current in ((4, 2), (3, 4), (6, 3), (3, 6)):
        answer = kinesis.call(
            "UpdateShardCount", StreamName="s", TargetShardCount=target, ScalingType="UNIFORM_SCALING"
        )
        assert answer == {"StreamName": "s", "StreamARN": arn, "CurrentShardCount": current, "TargetShardCount": target}
        summary = kinesis.call("DescribeStreamSummary", StreamName="s")["StreamDescriptionSummary"]
        assert summary["OpenShardCount"] == target


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (9, "UpdateShardCount cannot scale up over double your current open shard count."),
        (1, "UpdateShardCount cannot scale down below half your current open shard count."),
        (11, "Target shard count or number of open shards cannot be greater than 10."),
    ],
)
def test_a_shard_count_out_of_reach_is_refused(kinesis: Service, target: int, message: str) -> None:
    CONFIG.shard_quota = 10
    kinesis.create("s", 4)
    parameters = {"StreamName": "s", "TargetShardCount": target, "ScalingType": "UNIFORM_SCALING"}
    assert kinesis.refusal("UpdateShardCount", **parameters) == (
        "LimitExceededException",
        f"{message} Current open shard count: 4, Target shard count: {target}",
    )


def test_resharding_what_cannot_be_is_refused(kinesis: Service) -> None:
    kinesis.create("s", 3)
    split = {"StreamName": "s", "ShardToSplit": "shardId-000000000009", "NewStartingHashKey": "9"}
    missing = "Could not find shard shardId-000000000009 in stream s under account 000000000000."
    assert kinesis.refusal("SplitShard", **split) == ("ResourceNotFoundException", missing)
    merge = {"StreamName": "s", "ShardToMerge": "shardId-000000000000", "AdjacentShardToMerge": "shardId-000000000002"}
    assert kinesis.refusal("MergeShards", **merge) == (
        "InvalidArgumentException",
        "Shards shardId-000000000000 and shardId-000000000002 in stream s under account 000000000000 "
        "are not an adjacent pair of shards eligible for merging",
    )
    CONFIG.shard_quota = 3
    assert kinesis.refusal("SplitShard", **(split | {"ShardToSplit": "0"}))[0] == "LimitExceededException"
