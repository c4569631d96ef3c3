import threading
from concurrent.futures import ThreadPoolExecutor

from tests.unit.emulator.kinesis.service import ACCOUNT, REGION, Service
from wavetank.emulator.kinesis.store import Region

WRITERS = 4
BATCHES = 15
BATCH = 20
DEADLINE_S = 30


def test_a_busy_stream_does_not_hold_up_another(kinesis: Service) -> None:
    kinesis.create("busy")
    kinesis.create("s")
    with Region(ACCOUNT, REGION).find("busy").lock:
        done = threading.Thread(target=kinesis.call, args=("PutRecord",), kwargs=PUT, daemon=True)
        done.start()
        done.join(DEADLINE_S)
    assert kinesis.read("s") == [b"x"]


PUT = {"StreamName": "s", "Data": b"x", "PartitionKey": "k"}


def test_of_records_put_at_once_none_is_lost_doubled_or_out_of_order(kinesis: Service) -> None:
    kinesis.create("s", 3)

    def write(writer: int) -> None:
        for number in range(BATCHES):
            kinesis.call(
                "PutRecords",
                StreamName="s",
                Records=[
                    {"Data": f"{writer} {number * BATCH + place}".encode(), "PartitionKey": str(writer)}
                    for place in range(BATCH)
                ],
            )
            if number == BATCHES // 2 and writer == 0:
                kinesis.call("UpdateShardCount", StreamName="s", TargetShardCount=4, ScalingType="UNIFORM_SCALING")

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    shards = kinesis.call("ListShards", StreamName="s")["Shards"]
    got = [data.decode().split() for shard in range(len(shards)) for data in kinesis.read("s", shard)]
    for writer in range(WRITERS):
        of_writer = [int(number) for name, number in got if name == str(writer)]
        assert of_writer == list(range(BATCHES * BATCH))


def test_of_streams_created_at_once_under_one_name_one_is_made(kinesis: Service) -> None:
    def create(_: int) -> str:
        try:
            kinesis.call("CreateStream", StreamName="s", ShardCount=1)
        except Exception as error:
            return type(error).__name__
        return "made"

    with ThreadPoolExecutor(WRITERS) as pool:
        outcomes = list(pool.map(create, range(WRITERS)))
    assert sorted(outcomes) == ["ClientError"] * (WRITERS - 1) + ["made"]
