"""Enhanced fan-out: registering consumers, and SubscribeToShard."""

from datetime import datetime
from typing import Any

from cbor2._types import CBORTag
from localstack.aws.api import RequestContext
from localstack.services.kinesis import provider as localstack_kinesis

from wavetank.emulator.kinesis.errors import InvalidArgument
from wavetank.emulator.kinesis.model import position
from wavetank.emulator.kinesis.model.consumer import Consumer
from wavetank.emulator.kinesis.model.position import Cursor, Start, StartingPosition
from wavetank.emulator.kinesis.model.stream import MAX_READ_RECORDS, Read, Stream
from wavetank.emulator.kinesis.operations.boundary import (
    Answer,
    check_token_alone,
    now_ms,
    operation,
    sent_time_ms,
    speaks_cbor,
    streaming_operation,
    with_times_tagged,
)
from wavetank.emulator.kinesis.operations.descriptions import child_shard, consumer_description
from wavetank.emulator.kinesis.operations.reading import check_position, read_at, record_list, start, stream_at
from wavetank.emulator.kinesis.operations.tags import check_tags
from wavetank.emulator.kinesis.store import stream_with_arn
from wavetank.emulator.kinesis.subscription import SUBSCRIPTIONS, Source

MOST_LISTED = 100
CREATING = "CREATING"


class ConsumerOperations:
    """Enhanced fan-out consumers of a stream."""

    @operation
    def register_stream_consumer(
        self,
        _context: RequestContext,
        stream_arn: str,
        consumer_name: str,
        tags: dict[str, str] | None = None,
        **_: object,
    ) -> Answer:
        """RegisterStreamConsumer: answered as being created, and active by the next request."""
        stream = stream_with_arn(stream_arn)
        check_tags(tags or {}, {})
        with stream.lock:
            consumer = stream.consumers.register(consumer_name, now_ms())
        consumer.tags |= tags or {}
        return {"Consumer": consumer_description(consumer, CREATING)}

    @operation
    def deregister_stream_consumer(
        self,
        _context: RequestContext,
        stream_arn: str | None = None,
        consumer_name: str | None = None,
        consumer_arn: str | None = None,
        **_: object,
    ) -> None:
        """DeregisterStreamConsumer: its subscriptions end."""
        stream, consumer = _named_consumer(stream_arn, consumer_name, consumer_arn)
        with stream.lock:
            stream.consumers.deregister(consumer)
        SUBSCRIPTIONS.end(consumer.arn)

    @operation
    def describe_stream_consumer(
        self,
        _context: RequestContext,
        stream_arn: str | None = None,
        consumer_name: str | None = None,
        consumer_arn: str | None = None,
        **_: object,
    ) -> Answer:
        """DescribeStreamConsumer."""
        stream, consumer = _named_consumer(stream_arn, consumer_name, consumer_arn)
        described = consumer_description(consumer) | {"StreamARN": stream.identity.arn}
        return {"ConsumerDescription": described}

    @operation
    def list_stream_consumers(
        self,
        _context: RequestContext,
        stream_arn: str,
        next_token: str | None = None,
        max_results: int | None = None,
        stream_creation_timestamp: datetime | None = None,
        **_: object,
    ) -> Answer:
        """ListStreamConsumers: the ARN of a stream that exists suffices, whenever it was made."""
        if next_token:
            check_token_alone(StreamCreationTimestamp=stream_creation_timestamp)
        stream = stream_with_arn(stream_arn)
        after = position.listing_place(next_token, now_ms())["after"] if next_token is not None else ""
        consumers = [consumer for consumer in stream.consumers.all() if consumer.name > after]
        page = consumers[: max_results or MOST_LISTED]
        answer: Answer = {"Consumers": [consumer_description(consumer) for consumer in page]}
        if len(page) < len(consumers):
            answer["NextToken"] = position.next_token({"after": page[-1].name}, now_ms())
        return answer

    @streaming_operation
    def subscribe_to_shard(
        self,
        context: RequestContext,
        consumer_arn: str,
        shard_id: str,
        starting_position: dict[str, Any],
        **_: object,
    ) -> Answer:
        """SubscribeToShard: an event stream of at most five minutes."""
        stream, consumer = _named_consumer(None, None, consumer_arn)
        timestamp = starting_position.get("Timestamp")
        starting_at = StartingPosition(
            Start(starting_position["Type"]),
            starting_position.get("SequenceNumber"),
            sent_time_ms(context, timestamp, "StartingPosition", "Timestamp"),
        )
        check_position(starting_at)
        source = Source(
            stream,
            consumer,
            start(stream, shard_id, starting_at),
            read=lambda cursor: read_at(stream_at(cursor), cursor, MAX_READ_RECORDS, now_ms()),
            event=lambda read, cursor: _event(context, stream, read, cursor),
        )
        # LocalStack's own limit: what shortens it for a test there shortens it here.
        return {"EventStream": SUBSCRIPTIONS.begin(source, localstack_kinesis.MAX_SUBSCRIPTION_SECONDS)}


def _event(context: RequestContext, stream: Stream, read: Read, cursor: Cursor) -> Answer:
    body: Answer = {"Records": record_list(stream, read), "MillisBehindLatest": read.millis_behind}
    if read.next_index is None:
        body["ChildShards"] = [child_shard(child) for child in read.children]
    else:
        body["ContinuationSequenceNumber"] = read.shard.sequence_number(max(cursor.index - 1, 0))
    # LocalStack encodes events with the encoder that is written in Python, which has a tag of its own.
    return {"SubscribeToShardEvent": with_times_tagged(body, CBORTag) if speaks_cbor(context) else body}


def _named_consumer(stream_arn: str | None, name: str | None, arn: str | None) -> tuple[Stream, Consumer]:
    if arn:
        stream = stream_with_arn(arn)
        return stream, stream.consumers.with_arn(arn)
    if stream_arn and name:
        stream = stream_with_arn(stream_arn)
        return stream, stream.consumers.named(name)
    raise InvalidArgument("Either ConsumerARN or both StreamARN and ConsumerName should be provided.")
