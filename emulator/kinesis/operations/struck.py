"""What faults do to records that are put and to reads of a shard."""

from typing import Any

from localstack.aws.api import RequestContext

from wavetank.emulator.faults.engine import FAULTS, Firing
from wavetank.emulator.faults.identity import content_identity
from wavetank.emulator.faults.points import Action, Point
from wavetank.emulator.kinesis.errors import ExpiredIterator, KinesisError, ThroughputExceeded
from wavetank.emulator.kinesis.model.position import ITERATOR_LIFETIME_MS, Cursor
from wavetank.emulator.kinesis.model.shard import Shard
from wavetank.emulator.kinesis.model.stream import Entry, Stream
from wavetank.emulator.kinesis.operations.boundary import Answer, now_ms, when
from wavetank.emulator.kinesis.operations.descriptions import rate_exceeded
from wavetank.emulator.runtime.doorbell import STREAM_WRITES
from wavetank.emulator.runtime.inflight import IN_FLIGHT

INTERNAL_FAILURE = "InternalFailure"
INTERNAL_MESSAGE = "Internal service failure."
MAPPING_AGENT = "event-source-mapping"


class InternalFailure(KinesisError):
    """The service failed; one record of a PutRecords call, or the call."""

    code = INTERNAL_FAILURE


def refusals(stream: Stream, entries: list[Entry]) -> dict[int, Answer]:
    """The records that faults refuse, by their place, each with its PutRecords result."""
    refused: dict[int, Answer] = {}
    for place, entry in enumerate(entries):
        shard = stream.shards.holding(entry.hash_key())
        firing = _struck_put(stream, shard, entry)
        if firing is None:
            continue
        if firing.action is Action.THROTTLE_ALL:
            return {n: _throttled(stream, _shard_of(stream, other)) for n, other in enumerate(entries)}
        throttled = firing.action is Action.THROTTLE
        refused[place] = _throttled(stream, shard) if throttled else _failed()
    return refused


def raise_refusal(result: Answer) -> None:
    """Raise what a refused PutRecords result is to a PutRecord call."""
    if result["ErrorCode"] == INTERNAL_FAILURE:
        raise InternalFailure(result["ErrorMessage"])
    raise ThroughputExceeded(result["ErrorMessage"])


def before_read(context: RequestContext, stream: Stream, cursor: Cursor) -> None:
    """Bring about what strikes a read; raises ExpiredIterator or ThroughputExceeded where it is refused."""
    shard = stream.shards.at(cursor.shard)
    target = {"stream": stream.name, "shard": shard.name, "reader": _reader(context)}
    firing = FAULTS.fire(Point.KINESIS_GET, target, f"{stream.name}/{shard.name}/{cursor.index}")
    if firing is None:
        return
    match firing.action:
        case Action.DELAY:
            what = f"a read of {stream.name}/{shard.name} (held back {firing.seconds():g} s by a fault)"
            IN_FLIGHT.pause(Point.KINESIS_GET, stream.name, what, firing.seconds(), by_fault=True)
        case Action.THROTTLE:
            raise ThroughputExceeded(rate_exceeded(stream, shard))
        case Action.EXPIRED_ITERATOR:
            now = now_ms()
            created, current = (f"{when(time):%a %b %d %H:%M:%S UTC %Y}" for time in (now - ITERATOR_LIFETIME_MS, now))
            raise ExpiredIterator(
                f"Iterator expired. The iterator was created at time {created} while right now it is {current} "
                f"which is further in the future than the tolerated delay of {ITERATOR_LIFETIME_MS} milliseconds."
            )
        case Action.RESHARD:
            _split(stream, shard)


def _struck_put(stream: Stream, shard: Shard, entry: Entry) -> Firing | None:
    content = entry.data.decode("utf-8", "replace")
    target = {"stream": stream.name, "shard": shard.name, "key": entry.key, "content": content}
    return FAULTS.fire(Point.KINESIS_PUT, target, f"{stream.name}/{entry.key}/{content_identity(entry.data)}")


def _shard_of(stream: Stream, entry: Entry) -> Shard:
    return stream.shards.holding(entry.hash_key())


def _throttled(stream: Stream, shard: Shard) -> Answer:
    return {"ErrorCode": ThroughputExceeded.code, "ErrorMessage": rate_exceeded(stream, shard)}


def _failed() -> Answer:
    return {"ErrorCode": INTERNAL_FAILURE, "ErrorMessage": INTERNAL_MESSAGE}


def _reader(context: RequestContext) -> str:
    if MAPPING_AGENT in context.request.headers.get("User-Agent", ""):
        return "event-source"
    internal: Any = context.internal_request_params or {}
    return "firehose" if internal.get("service_principal") == "firehose" else "client"


def _split(stream: Stream, shard: Shard) -> None:
    with stream.lock:
        if shard.is_open and shard.last_hash - shard.first_hash > 3:
            stream.split(shard, (shard.first_hash + shard.last_hash) // 2, now_ms())
    STREAM_WRITES.ring(stream.identity.arn)
