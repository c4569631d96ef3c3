"""Parts are grouped by the values of the keys in the prefix; what has none, or one too many, is set aside."""

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.firehose.core.buffer import Entry
from wavetank.emulator.firehose.core.keys import ErrorOutput, KeyLayout, KeySource, PartitionKey
from wavetank.emulator.firehose.core.partitioning import MAX_ACTIVE_PARTITIONS, Extracted, Partitioned, partition
from wavetank.emulator.firehose.core.processing import Part
from wavetank.emulator.firehose.core.settings import Partitioning

QUERY = PartitionKey(KeySource.QUERY, "q")
LAMBDA = PartitionKey(KeySource.LAMBDA, "l")
LAYOUT = KeyLayout(
    "!{partitionKeyFromQuery:q}/!{partitionKeyFromLambda:l}/!{partitionKeyFromQuery:q}/",
    "errors/!{firehose:error-output-type}/",
)
ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text(), max_size=1)
KEYS = st.dictionaries(st.sampled_from(["q", "l", "x"]), ANYTHING)


def part(data: bytes = b"data", **keys: Any) -> Part:
    return Part(Entry(data, 1.0), data, keys)


def partitioned(parts: Sequence[Part], extracted: Sequence[Extracted]) -> Partitioned:
    return partition(
        parts, Partitioning("query"), LAYOUT, extract=lambda _program, _records: extracted, now=lambda: 2.0
    )


@given(st.lists(st.tuples(KEYS, KEYS | st.text()), max_size=8))
def test_each_part_is_in_one_group_or_set_aside(given_keys: list[tuple[dict[str, Any], Extracted]]) -> None:
    parts = [part(b"%d" % number, **keys) for number, (keys, _) in enumerate(given_keys)]
    result = partitioned(parts, [extracted for _, extracted in given_keys])
    places = [item.data for group in result.groups for item in group.parts]
    places += [failure.entry.data for failure in result.failures]
    assert sorted(places) == sorted(item.data for item in parts)
    for group in result.groups:
        assert all(group.partition[key] for key in (QUERY, LAMBDA))
        key = LAYOUT.key("s", 1, 1.0, Random(1), group.partition)
        assert len(key.encode()) <= 1024


def test_parts_of_the_same_values_share_a_group_in_their_order() -> None:
    parts = [part(b"1", l="a"), part(b"2", l="b"), part(b"3", l="a"), part(b"4", l="a")]
    result = partitioned(parts, [{"q": 1}, {"q": 1}, {"q": "1"}, {"q": True}])
    assert [[item.data for item in group.parts] for group in result.groups] == [[b"1", b"3"], [b"2"], [b"4"]]
    assert result.groups[2].partition == {QUERY: "true", LAMBDA: "a"}


@pytest.mark.parametrize("count", [MAX_ACTIVE_PARTITIONS, MAX_ACTIVE_PARTITIONS + 1])
def test_the_five_hundred_and_first_partition_is_set_aside_and_the_others_go_on(count: int) -> None:
    numbers = [*range(count), 0]
    result = partitioned([part(b"%d" % number, l="a") for number in numbers], [{"q": number} for number in numbers])
    assert len(result.groups) == MAX_ACTIVE_PARTITIONS
    assert [item.data for item in result.groups[0].parts] == [b"0", b"0"]
    assert [failure.entry.data for failure in result.failures] == [b"500"] * (count - MAX_ACTIVE_PARTITIONS)
    assert {failure.code for failure in result.failures} <= {"DynamicPartitioning.ActivePartitionsLimitExceeded"}
    assert {failure.output for failure in result.failures} <= {ErrorOutput.ACTIVE_PARTITIONS_LIMIT_EXCEEDED}


@pytest.mark.parametrize(
    ("extracted", "reason"),
    [
        ("Non JSON record provided", "Non JSON record provided"),
        ({}, "partitionKeys values must not be null or empty"),
        ({"q": None}, "partitionKeys values must not be null or empty"),
        ({"q": ""}, "partitionKeys values must not be null or empty"),
        ({"q": {}}, "partitionKeys values must be strings, numbers or booleans"),
        ({"q": "\ud800"}, "partitionKeys values must be valid Unicode text"),
        ({"q": "x" * 300}, "The evaluated S3 prefix is longer than an object key can be"),
        ({"q": "日" * 150}, "The evaluated S3 prefix is longer than an object key can be"),
    ],
)
def test_a_part_without_a_usable_value_is_set_aside_with_the_reason(extracted: Extracted, reason: str) -> None:
    (failure,) = partitioned([part(l="a")], [extracted]).failures
    assert failure.message == reason
    assert failure.code == "DynamicPartitioning.MetadataExtractionFailed"
    assert failure.output is ErrorOutput.METADATA_EXTRACTION_FAILED
