"""The faults of records that are put and of reads of a shard."""

from localstack.aws.api import RequestContext

from wavetank.emulator.faults.calls import caller_of
from wavetank.emulator.faults.engine import FAULTS
from wavetank.emulator.faults.identity import content_identity
from wavetank.emulator.faults.points import Action, Point
from wavetank.emulator.kinesis import metrics
from wavetank.emulator.kinesis.errors import KinesisError, ThroughputExceeded
from wavetank.emulator.kinesis.model.position import ITERATOR_LIFETIME_MS, Cursor, expired_iterator
from wavetank.emulator.kinesis.model.stream import MAX_READ_RECORDS, Entry, Stream
from wavetank.emulator.kinesis.operations.boundary import Answer, now_ms
from wavetank.emulator.kinesis.operations.descriptions import rate_exceeded, throttled_record
from wavetank.emulator.runtime.doorbell import STREAM_WRITES
from wavetank.emulator.runtime.inflight import IN_FLIGHT

INTERNAL_FAILURE = "InternalFailure"
INTERNAL_MESSAGE = "Internal service failure."
READERS = {"event-source-mapping": "event-source", "delivery-stream": "firehose"}
"""By what its agent says, the service that reads; everybody else is a client."""


class InternalFailure(KinesisError):
    """The service failed: at a record of a PutRecords call, or at the call."""

    code = INTERNAL_FAILURE


def refusals(stream: Stream, entries: list[Entry]) -> dict[int, Answer]:
    """The records that faults refuse, by their place, each with its PutRecords result."""
    refused: dict[int, Answer] = {}
    for place, entry in enumerate(entries):
        shard = stream.shards.holding(entry.hash_key())
        content = entry.data.decode("utf-8", "replace")
        target = {"stream": stream.name, "shard": shard.name, "key": entry.key, "content": content}
        identity = f"{stream.name}/{entry.key}/{content_identity(entry.data)}"
        firing = FAULTS.fire(Point.KINESIS_PUT, target, identity)
        if firing is None:
            continue
        match firing.action:
            case Action.THROTTLE_ALL:
                shards = [stream.shards.holding(other.hash_key()) for other in entries]
                return {number: throttled_record(stream, shard) for number, shard in enumerate(shards)}
            case Action.THROTTLE:
                refused[place] = throttled_record(stream, shard)
            case _:
                refused[place] = {"ErrorCode": INTERNAL_FAILURE, "ErrorMessage": INTERNAL_MESSAGE}
    return refused


def raise_refusal(result: Answer) -> None:
    """Raise the error of a PutRecord call for the refused result of its record."""
    if result["ErrorCode"] == INTERNAL_FAILURE:
        raise InternalFailure(result["ErrorMessage"])
    raise ThroughputExceeded(result["ErrorMessage"])


def before_read(context: RequestContext, stream: Stream, cursor: Cursor) -> int:
    """Bring about the fault that fires at a read; how many records it may give then.

    Raises ExpiredIterator or ThroughputExceeded where it is refused.
    """
    if not FAULTS.armed(Point.KINESIS_GET):
        return MAX_READ_RECORDS
    shard = stream.shards.at(cursor.shard)
    agent = context.request.headers.get("User-Agent", "")
    reader = next((name for mark, name in READERS.items() if mark in agent), "client")
    caller = caller_of(context)
    function = caller.function if caller is not None else ""
    target = {"stream": stream.name, "shard": shard.name, "reader": reader, "caller": function}
    firing = FAULTS.fire(Point.KINESIS_GET, target, f"{stream.name}/{shard.name}/{cursor.index}")
    if firing is None:
        return MAX_READ_RECORDS
    match firing.action:
        case Action.SHORT:
            return int(firing.parameters["records"])
        case Action.DELAY:
            what = f"a read of {stream.name}/{shard.name} (held back {firing.seconds():g} s by a fault)"
            IN_FLIGHT.pause(Point.KINESIS_GET, stream.name, what, firing.seconds(), by_fault=True)
        case Action.THROTTLE:
            metrics.count_throttled_read(stream, shard)
            raise ThroughputExceeded(rate_exceeded(stream, shard))
        case Action.EXPIRED_ITERATOR:
            now = now_ms()
            raise expired_iterator(now - ITERATOR_LIFETIME_MS, now)
        case Action.RESHARD:
            with stream.lock:
                if shard.is_open and shard.last_hash - shard.first_hash > 3:
                    stream.split(shard, (shard.first_hash + shard.last_hash) // 2, now_ms())
            STREAM_WRITES.ring(stream.identity.arn)
    return MAX_READ_RECORDS
