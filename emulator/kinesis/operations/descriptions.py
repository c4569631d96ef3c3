"""Streams, shards and consumers as the API describes them."""

from wavetank.emulator.kinesis.errors import ThroughputExceeded
from wavetank.emulator.kinesis.model.consumer import Consumer
from wavetank.emulator.kinesis.model.shards import Shard, shard_id
from wavetank.emulator.kinesis.model.stream import Stream
from wavetank.emulator.kinesis.operations.boundary import Answer, when
from wavetank.emulator.kinesis.settings import Mode

ACTIVE = "ACTIVE"


def shard_description(shard: Shard) -> Answer:
    """The structure Shard of AWS."""
    numbers = {"StartingSequenceNumber": shard.starting_sequence_number}
    if shard.ending_sequence_number is not None:
        numbers["EndingSequenceNumber"] = shard.ending_sequence_number
    described: Answer = {
        "ShardId": shard.name,
        "HashKeyRange": _range(shard),
        "SequenceNumberRange": numbers,
    }
    for field, parent in zip(("ParentShardId", "AdjacentParentShardId"), shard.parents, strict=False):
        described[field] = shard_id(parent)
    return described


def child_shard(shard: Shard) -> Answer:
    """The structure ChildShard of AWS."""
    return {
        "ShardId": shard.name,
        "ParentShards": [shard_id(parent) for parent in shard.parents],
        "HashKeyRange": _range(shard),
    }


def stream_description(stream: Stream) -> Answer:
    """The members that AWS's StreamDescription and StreamDescriptionSummary have in common."""
    settings = stream.settings
    described: Answer = stream_summary(stream) | {
        "RetentionPeriodHours": settings.retention_hours,
        "EnhancedMonitoring": [{"ShardLevelMetrics": sorted(settings.metrics)}],
        "EncryptionType": settings.encryption,
    }
    if settings.kms_key:
        described["KeyId"] = settings.kms_key
    return described


def stream_summary(stream: Stream) -> Answer:
    """The structure StreamSummary of AWS."""
    return {
        "StreamName": stream.name,
        "StreamARN": stream.identity.arn,
        "StreamStatus": ACTIVE,
        "StreamModeDetails": {"StreamMode": stream.settings.mode.value},
        "StreamCreationTimestamp": when(stream.identity.created_ms),
    }


def encryption(stream: Stream) -> Answer:
    """The EncryptionType member of records and results; nothing for a stream that is not encrypted."""
    return {"EncryptionType": stream.settings.encryption} if stream.settings.kms_key else {}


def rate_exceeded(stream: Stream, shard: Shard) -> str:
    """The message of AWS for a throttled shard."""
    return f"Rate exceeded for shard {shard.name} in {stream.identity.in_words}."


def throttled_record(stream: Stream, shard: Shard) -> Answer:
    """The PutRecords result of a record that a throttled shard refuses."""
    return {"ErrorCode": ThroughputExceeded.code, "ErrorMessage": rate_exceeded(stream, shard)}


def warm_throughput(stream: Stream) -> Answer:
    """The WarmThroughput member; empty for a stream that has none."""
    target = stream.settings.warm_throughput_mibps
    if stream.settings.mode is not Mode.ON_DEMAND or target is None:
        return {}
    return {"WarmThroughput": {"TargetMiBps": target, "CurrentMiBps": target}}


def consumer_description(consumer: Consumer, status: str = ACTIVE) -> Answer:
    """The structure Consumer of AWS."""
    return {
        "ConsumerName": consumer.name,
        "ConsumerARN": consumer.arn,
        "ConsumerStatus": status,
        "ConsumerCreationTimestamp": when(consumer.created_ms),
    }


def _range(shard: Shard) -> dict[str, str]:
    return {"StartingHashKey": str(shard.first_hash), "EndingHashKey": str(shard.last_hash)}
