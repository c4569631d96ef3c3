"""The cost of the fault layer while no fault is set.

    idle_ratio           throughput with the layer loaded and idle ÷ throughput without it; median over the pairs
    lowest, highest      the least and the greatest ratio of the pairs
    with_layer_per_s, without_layer_per_s   AWS calls a second, medians

Two stacks of their own run side by side, one started without the layer. In a pair the two take turns, round by round,
and the median round counts, so that what else the machine does strikes both alike. A round is what the pipeline does
most: a batch put to a stream and read back, an object written, tagged, read and listed. No function runs: its time
would only hide what the layer costs.
"""

import statistics
import time
from collections.abc import Callable

from wavetank.emulator.stack.stack import EmbeddedStack, Stack

PAIRS = 7
ROUNDS = 60
WARM_UP = 30
RECORDS = 100
NAME = "overhead"
CALLS_A_ROUND = 6


def run(_stack: Stack) -> dict[str, float]:
    """Measure on two stacks of its own."""
    with EmbeddedStack.up() as loaded, EmbeddedStack.up(faults=False) as bare:
        sides = [_load(loaded), _load(bare)]
        for _ in range(WARM_UP):
            for load in sides:
                load()
        pairs: list[list[float]] = []
        for _ in range(PAIRS):
            times: tuple[list[float], list[float]] = ([], [])
            for number in range(ROUNDS):
                for side in (0, 1) if number % 2 else (1, 0):
                    began = time.perf_counter()
                    sides[side]()
                    times[side].append(time.perf_counter() - began)
            pairs.append([CALLS_A_ROUND / statistics.median(taken) for taken in times])
    ratios = [with_layer / without for with_layer, without in pairs]
    return {
        "idle_ratio": statistics.median(ratios),
        "lowest": min(ratios),
        "highest": max(ratios),
        "with_layer_per_s": statistics.median(with_layer for with_layer, _ in pairs),
        "without_layer_per_s": statistics.median(without for _, without in pairs),
        "pairs": len(pairs),
    }


def _load(stack: Stack) -> Callable[[], None]:
    """A round of calls on a stream and a bucket made for it."""
    kinesis, s3 = stack.client("kinesis"), stack.client("s3")
    kinesis.create_stream(StreamName=NAME, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=NAME, WaiterConfig={"Delay": 1})
    s3.create_bucket(Bucket=NAME)
    where = kinesis.get_shard_iterator(
        StreamName=NAME, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records = [{"Data": b"x" * 500, "PartitionKey": str(number)} for number in range(RECORDS)]
    tags = {"TagSet": [{"Key": "k", "Value": "v"}]}
    iterator = [where]

    def once() -> None:
        kinesis.put_records(StreamName=NAME, Records=records)
        iterator[0] = kinesis.get_records(ShardIterator=iterator[0])["NextShardIterator"]
        s3.put_object(Bucket=NAME, Key="k", Body=b"x" * 5000)
        s3.put_object_tagging(Bucket=NAME, Key="k", Tagging=tags)
        s3.get_object(Bucket=NAME, Key="k")["Body"].read()
        s3.list_objects_v2(Bucket=NAME)

    return once
