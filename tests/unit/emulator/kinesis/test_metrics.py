import pytest

from tests.unit.emulator.kinesis.service import Service
from wavetank.emulator.kinesis import metrics
from wavetank.emulator.kinesis.metrics import METER, Meter, Series
from wavetank.emulator.limits.register import LIMITS, Limit

SERIES = Series("000000000000", "us-east-1", "IncomingRecords", "s")


def test_values_of_a_minute_become_one_statistic() -> None:
    now = [1_700_000_000.0]
    meter = Meter(lambda: now[0])
    meter.add([(SERIES, 3), (SERIES, 5)])
    now[0] += 60
    meter.add([(SERIES, 7)])
    taken = [(s.count, s.total, s.least, s.most) for s in meter.take().values()]
    assert taken == [(2, 8, 3, 5), (1, 7, 7, 7)]
    assert meter.take() == {}


def test_what_waits_too_long_is_given_up_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MOST_WAITING", 3)
    meter = Meter(lambda: 0.0)
    meter.add([(Series("", "", str(number), ""), 1) for number in range(5)])
    assert [series.metric for series, _ in meter.take()] == ["2", "3", "4"]


def test_a_meter_has_something_waiting_until_it_is_taken() -> None:
    meter = Meter()
    assert not meter.is_waiting()
    meter.add([(SERIES, 1)])
    assert meter.is_waiting()
    meter.take()
    assert not meter.is_waiting()


def counted(stream: str = "s", shard: str | None = None) -> dict[str, float]:
    return {
        series.metric: statistic.total
        for (series, _), statistic in METER.take().items()
        if (series.stream, series.shard) == (stream, shard) and statistic.total
    }


def test_the_bytes_of_a_write_are_those_of_data_and_key_in_utf8(kinesis: Service) -> None:
    kinesis.create("s")
    METER.take()
    kinesis.call("PutRecord", StreamName="s", Data=b"abc", PartitionKey="\u6c34")
    kinesis.call("PutRecords", StreamName="s", Records=[{"Data": b"a", "PartitionKey": "\u00e9"}] * 2)
    sizes = counted()
    assert [sizes[name] for name in ("IncomingBytes", "PutRecord.Bytes", "PutRecords.Bytes")] == [12, 6, 6]


def test_writes_and_reads_are_counted(kinesis: Service) -> None:
    kinesis.create("s")
    METER.take()
    kinesis.call("PutRecord", StreamName="s", Data=b"abc", PartitionKey="k")
    kinesis.call("PutRecords", StreamName="s", Records=[{"Data": b"ab", "PartitionKey": "k"}] * 2)
    kinesis.read("s")
    assert counted() == {
        "IncomingRecords": 3,
        "IncomingBytes": 7 + 3,
        "PutRecord.Success": 1,
        "PutRecord.Bytes": 4,
        "PutRecords.Success": 1,
        "PutRecords.Bytes": 6,
        "PutRecords.TotalRecords": 2,
        "PutRecords.SuccessfulRecords": 2,
        "GetRecords.Success": 1,
        "GetRecords.Records": 3,
        "GetRecords.Bytes": 7,
    }


def test_throttles_are_counted(kinesis: Service) -> None:
    LIMITS.enforce(Limit.SHARD_LIMITS)
    kinesis.create("s")
    iterators = [kinesis.iterator("s") for _ in range(6)]
    METER.take()
    for _ in range(3):
        kinesis.call("PutRecords", StreamName="s", Records=[{"Data": b"", "PartitionKey": "k"}] * 500)
    for iterator in iterators[:5]:
        kinesis.call("GetRecords", ShardIterator=iterator, Limit=1)
    kinesis.refusal("GetRecords", ShardIterator=iterators[5])
    totals = counted()
    assert totals["WriteProvisionedThroughputExceeded"] == totals["PutRecords.ThrottledRecords"] == 500
    assert totals["ReadProvisionedThroughputExceeded"] == 1
    assert totals["GetRecords.IteratorAgeMilliseconds"] > 0


def test_enhanced_monitoring_counts_by_shard(kinesis: Service) -> None:
    kinesis.create("s", 2)
    kinesis.call("EnableEnhancedMonitoring", StreamName="s", ShardLevelMetrics=["IncomingRecords", "OutgoingRecords"])
    METER.take()
    record = {"Data": b"abc", "PartitionKey": "k", "ExplicitHashKey": "0"}
    kinesis.call("PutRecords", StreamName="s", Records=[record] * 2)
    kinesis.read("s", 0)
    assert counted(shard="shardId-000000000000") == {"IncomingRecords": 2, "OutgoingRecords": 2}
