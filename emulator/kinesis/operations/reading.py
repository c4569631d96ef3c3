"""The operations GetShardIterator and GetRecords, and the reading that SubscribeToShard shares with them."""

from binascii import b2a_base64
from datetime import datetime

from localstack.aws.api import RequestContext

from wavetank.emulator.faults.engine import FAULTS
from wavetank.emulator.faults.points import Point
from wavetank.emulator.kinesis import metrics
from wavetank.emulator.kinesis.errors import InvalidArgument, ResourceNotFound, ThroughputExceeded
from wavetank.emulator.kinesis.model import position, sequence
from wavetank.emulator.kinesis.model.position import BY_SEQUENCE, Cursor, Start, StartingPosition
from wavetank.emulator.kinesis.model.shards import shard_id
from wavetank.emulator.kinesis.model.stream import MAX_READ_RECORDS, Read, Stream
from wavetank.emulator.kinesis.operations import faults
from wavetank.emulator.kinesis.operations.boundary import (
    Answer,
    named_stream,
    now_ms,
    operation,
    sent_time_ms,
    speaks_cbor,
    when,
)
from wavetank.emulator.kinesis.operations.descriptions import child_shard, encryption, rate_exceeded
from wavetank.emulator.kinesis.store import Region
from wavetank.emulator.limits.register import LIMITS, Limit
from wavetank.emulator.runtime.doorbell import taker


class ReadOperations:
    """Records out."""

    @operation
    def get_shard_iterator(
        self,
        context: RequestContext,
        shard_id: str,
        shard_iterator_type: str,
        stream_name: str | None = None,
        starting_sequence_number: str | None = None,
        timestamp: datetime | None = None,
        stream_arn: str | None = None,
        **_: object,
    ) -> Answer:
        """GetShardIterator."""
        stream = named_stream(context, stream_name, stream_arn)
        time_ms = sent_time_ms(context, timestamp, "Timestamp")
        starting_at = StartingPosition(Start(shard_iterator_type), starting_sequence_number, time_ms)
        check_position(starting_at)
        cursor = start(stream, shard_id, starting_at)
        return {"ShardIterator": position.iterator(cursor, now_ms())}

    @operation
    def get_records(
        self, context: RequestContext, shard_iterator: str, limit: int | None = None, **_: object
    ) -> Answer:
        """GetRecords."""
        now = now_ms()
        cursor = position.cursor(shard_iterator, now)
        stream = stream_at(cursor)
        most = MAX_READ_RECORDS
        if FAULTS.armed(Point.KINESIS_GET):
            most = faults.before_read(context, stream, cursor)
            now = now_ms()
        read = _throttled_read(stream, cursor, min(limit or MAX_READ_RECORDS, most or 1), now)
        if not most and read.records:
            first = read.records[0]
            read = Read(read.shard, [], first.offset, max(1, now - first.arrived_ms))
        metrics.count_read(stream, read)
        if speaks_cbor(context):
            records = record_list(stream, read)
        else:
            records, handover = plain_records(stream, read), taker()
            if handover is not None:
                # A caller in this process takes them as they are, past the encoding of the answer.
                handover += records
                records = []
        answer: Answer = {"Records": records, "MillisBehindLatest": read.millis_behind}
        if read.next_index is None:
            return answer | {"ChildShards": [child_shard(child) for child in read.children]}
        return answer | {"NextShardIterator": position.iterator(cursor.at(read.next_index), now)}


def start(stream: Stream, shard_name: str, starting_at: StartingPosition) -> Cursor:
    """The cursor of a reader that starts at a position of a shard; raises ResourceNotFound, InvalidArgument."""
    now = now_ms()
    with stream.lock:
        stream.expire(now)
        return stream.cursor(stream.shards.named(shard_name), starting_at, now)


def stream_at(cursor: Cursor) -> Stream:
    """The stream that a cursor reads; raises ResourceNotFound, also when another of that name has taken its place."""
    stream = Region(cursor.account, cursor.region).store.streams.get(cursor.stream)
    if stream is None or stream.identity.created_ms != cursor.created_ms:
        raise ResourceNotFound(
            f"Shard {shard_id(cursor.shard)} in stream {cursor.stream} under account {cursor.account} does not exist"
        )
    return stream


def record_list(stream: Stream, read: Read) -> list[Answer]:
    """The records of a read as the API gives them."""
    base, step = read.shard.base, sequence.STEP
    encrypted = encryption(stream)
    return [
        {
            "SequenceNumber": str(base + record.offset * step),
            "ApproximateArrivalTimestamp": when(record.arrived_ms),
            "Data": record.data,
            "PartitionKey": record.key,
            **encrypted,
        }
        for record in read.records
    ]


def plain_records(stream: Stream, read: Read) -> list[Answer]:
    """The same records as JSON has them: data in base64, times in seconds; several times faster to encode."""
    base, step = read.shard.base, sequence.STEP
    encrypted = encryption(stream)
    return [
        {
            "SequenceNumber": str(base + record.offset * step),
            "ApproximateArrivalTimestamp": record.arrived_ms / 1000,
            "Data": b2a_base64(record.data, newline=False).decode(),
            "PartitionKey": record.key,
            **encrypted,
        }
        for record in read.records
    ]


def check_position(starting_at: StartingPosition) -> None:
    """Raise InvalidArgument unless a position has the members that its kind needs and no others."""
    has_sequence = starting_at.sequence_number is not None
    if starting_at.start is Start.AT_TIMESTAMP:
        if starting_at.timestamp_ms is None:
            raise InvalidArgument("Must specify timestampInMillis parameter for AT_TIMESTAMP iterator type.")
    elif has_sequence != (starting_at.start in BY_SEQUENCE):
        raise InvalidArgument(
            "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or "
            "(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. "
            f"Request specified {starting_at.start} and {'also a' if has_sequence else 'no'} StartingSequenceNumber."
        )


def read_at(stream: Stream, cursor: Cursor, limit: int, now: int) -> Read:
    """The records from a cursor on; raises ResourceNotFound."""
    with stream.lock:
        stream.expire(now)
        return stream.read(stream.shards.at(cursor.shard), cursor.index, limit, now)


def _throttled_read(stream: Stream, cursor: Cursor, limit: int, now: int) -> Read:
    share = LIMITS.share(Limit.SHARD_LIMITS)
    if share is None:
        return read_at(stream, cursor, limit, now)
    with stream.lock:
        shard = stream.shards.at(cursor.shard)
        if not shard.throughput.admit_read(now):
            metrics.count_throttled_read(stream, shard)
            LIMITS.refuse(Limit.SHARD_LIMITS)
            raise ThroughputExceeded(rate_exceeded(stream, shard))
        read = read_at(stream, cursor, limit, now)
        shard.throughput.count_read(sum(len(record.data) for record in read.records), now, share)
        return read
