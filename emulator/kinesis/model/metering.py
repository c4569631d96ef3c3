"""Which metrics a write, a read, a push or a trim counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wavetank.emulator.kinesis.metrics import METER, Metric, Series
from wavetank.emulator.kinesis.model.shard import Shard
from wavetank.emulator.kinesis.model.stream import Read, Stream
from wavetank.emulator.kinesis.settings import ShardMetric

type Values = Iterator[tuple[Series, float]]


@dataclass(slots=True)
class ShardWrites:
    """What one request wrote to one shard."""

    records: int = 0
    size: int = 0
    throttled: int = 0


def count_put(stream: Stream, writes: dict[str, ShardWrites]) -> None:
    """Count a PutRecord."""
    METER.add(_put(stream, writes))


def count_batch(stream: Stream, writes: dict[str, ShardWrites]) -> None:
    """Count a PutRecords."""
    METER.add(_batch(stream, writes))


def count_read(stream: Stream, read: Read) -> None:
    """Count a GetRecords that was answered."""
    METER.add(_read(stream, read))


def count_throttled_read(stream: Stream, shard: Shard) -> None:
    """Count a GetRecords that was refused."""
    METER.add([(_series(stream, Metric.READ_THROTTLED), 1), *_of_shard(stream, shard, ShardMetric.READ_THROTTLED, 1)])


def count_push(stream: Stream, consumer: str, read: Read) -> None:
    """Count an event sent to an enhanced fan-out consumer."""
    METER.add(_push(stream, consumer, read))


def count_trim(stream: Stream, records: int, size: int) -> None:
    """Count records given up to keep within the memory cap (no metric of AWS)."""
    METER.add([(_series(stream, Metric.TRIMMED_RECORDS), records), (_series(stream, Metric.TRIMMED_BYTES), size)])


def _series(stream: Stream, metric: str, shard: str | None = None, consumer: str | None = None) -> Series:
    who = stream.identity
    return Series(who.account, who.region, metric, who.name, shard, consumer)


def _put(stream: Stream, writes: dict[str, ShardWrites]) -> Values:
    yield from _incoming(stream, writes)
    taken = sum(write.records for write in writes.values())
    yield _series(stream, Metric.PUT_SUCCESS), taken
    yield _series(stream, Metric.PUT_BYTES), sum(write.size for write in writes.values())


def _batch(stream: Stream, writes: dict[str, ShardWrites]) -> Values:
    yield from _incoming(stream, writes)
    taken = sum(write.records for write in writes.values())
    throttled = sum(write.throttled for write in writes.values())
    yield _series(stream, Metric.BATCH_BYTES), sum(write.size for write in writes.values())
    yield _series(stream, Metric.BATCH_SUCCESS), float(taken > 0)
    yield _series(stream, Metric.BATCH_TOTAL), taken + throttled
    yield _series(stream, Metric.BATCH_SUCCESSFUL), taken
    yield _series(stream, Metric.BATCH_FAILED), 0
    yield _series(stream, Metric.BATCH_THROTTLED), throttled


def _incoming(stream: Stream, writes: dict[str, ShardWrites]) -> Values:
    yield _series(stream, Metric.INCOMING_RECORDS), sum(write.records for write in writes.values())
    yield _series(stream, Metric.INCOMING_BYTES), sum(write.size for write in writes.values())
    yield _series(stream, Metric.WRITE_THROTTLED), sum(write.throttled for write in writes.values())
    wanted = stream.settings.metrics
    for name, write in writes.items() if wanted else ():
        for metric, value in (
            (ShardMetric.INCOMING_RECORDS, write.records),
            (ShardMetric.INCOMING_BYTES, write.size),
            (ShardMetric.WRITE_THROTTLED, write.throttled),
        ):
            if metric in wanted:
                yield _series(stream, metric, name), value


def _read(stream: Stream, read: Read) -> Values:
    size = _size(read)
    yield _series(stream, Metric.READ_SUCCESS), 1
    yield _series(stream, Metric.READ_RECORDS), len(read.records)
    yield _series(stream, Metric.READ_BYTES), size
    yield _series(stream, Metric.ITERATOR_AGE), read.millis_behind
    yield from _of_shard(stream, read.shard, ShardMetric.OUTGOING_RECORDS, len(read.records))
    yield from _of_shard(stream, read.shard, ShardMetric.OUTGOING_BYTES, size)
    yield from _of_shard(stream, read.shard, ShardMetric.ITERATOR_AGE, read.millis_behind)


def _push(stream: Stream, consumer: str, read: Read) -> Values:
    yield _series(stream, Metric.PUSHED_RECORDS, consumer=consumer), len(read.records)
    yield _series(stream, Metric.PUSHED_BYTES, consumer=consumer), _size(read)
    yield _series(stream, Metric.PUSHED_BEHIND, consumer=consumer), read.millis_behind


def _of_shard(stream: Stream, shard: Shard, metric: ShardMetric, value: float) -> Sequence[tuple[Series, float]]:
    return [(_series(stream, metric, shard.name), value)] if metric in stream.settings.metrics else []


def _size(read: Read) -> int:
    return sum(len(record.data) for record in read.records)
