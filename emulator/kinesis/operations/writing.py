"""The operations PutRecord and PutRecords."""

import random
from collections.abc import Callable
from typing import Any

from localstack import config as localstack_config
from localstack.aws.api import RequestContext

from wavetank.emulator.faults.engine import FAULTS
from wavetank.emulator.faults.points import Point
from wavetank.emulator.kinesis import metrics
from wavetank.emulator.kinesis.errors import InvalidArgument, ThroughputExceeded, Validation
from wavetank.emulator.kinesis.metrics import ShardWrites
from wavetank.emulator.kinesis.model import sequence
from wavetank.emulator.kinesis.model.stream import Entry, Stream
from wavetank.emulator.kinesis.operations import faults
from wavetank.emulator.kinesis.operations.boundary import Answer, named_stream, now_ms, operation, operation_checking
from wavetank.emulator.kinesis.operations.descriptions import encryption, throttled_record
from wavetank.emulator.kinesis.settings import DEFAULT_RECORD_KIB
from wavetank.emulator.kinesis.store import MEMORY
from wavetank.emulator.kinesis.validation import check, constraint, in_words
from wavetank.emulator.limits.register import LIMITS, Limit
from wavetank.emulator.runtime.doorbell import STREAM_WRITES

KIB = 1024
BATCH_BYTES = 5 * KIB * KIB
LARGE_RECORD_BATCH_BYTES = 10 * KIB * KIB
LARGEST_KEY = 256
UNLUCKY = "Rate exceeded for shard X in stream Y under account Z."


class WriteOperations:
    """The operations that write records."""

    @operation
    def put_record(
        self,
        context: RequestContext,
        data: bytes,
        partition_key: str,
        stream_name: str | None = None,
        explicit_hash_key: str | None = None,
        sequence_number_for_ordering: str | None = None,
        stream_arn: str | None = None,
        **_: object,
    ) -> Answer:
        """PutRecord."""
        stream = named_stream(context, stream_name, stream_arn)
        entry = Entry(partition_key, data, explicit_hash_key)
        _check_record_size(stream, entry, "data")
        if sequence_number_for_ordering is not None and sequence.parse(sequence_number_for_ordering) is None:
            who = stream.identity
            raise InvalidArgument(
                f"ExclusiveMinimumSequenceNumber {sequence_number_for_ordering} used in PutRecord on stream {who.name} "
                f"under account {who.account} is invalid."
            )
        if _is_unlucky():
            raise ThroughputExceeded(UNLUCKY)
        result = write(stream, [entry], metrics.count_put)[0]
        if "ErrorMessage" in result:
            faults.raise_refusal(result)
        return result | encryption(stream)

    @operation_checking("Records")
    def put_records(
        self,
        context: RequestContext,
        records: list[dict[str, Any]],
        stream_name: str | None = None,
        stream_arn: str | None = None,
        **_: object,
    ) -> Answer:
        """PutRecords: records that a throttled shard refuses fail one by one."""
        are_well_formed = all(
            isinstance(key := record.get("PartitionKey"), str)
            and 1 <= len(key) <= LARGEST_KEY
            and record.get("Data") is not None
            and record.get("ExplicitHashKey") is None
            for record in records
        )
        if not are_well_formed:
            check(context.operation.input_shape, context.service_request)
        stream = named_stream(context, stream_name, stream_arn)
        entries = [Entry(it["PartitionKey"], it["Data"], it.get("ExplicitHashKey")) for it in records]
        largest = BATCH_BYTES if stream.settings.max_record_kib == DEFAULT_RECORD_KIB else LARGE_RECORD_BATCH_BYTES
        sizes = [entry.size for entry in entries]
        if sum(sizes) > largest:
            raise InvalidArgument(f"Records size exceeds {largest // KIB // KIB} MB limit")
        if max(sizes, default=0) > stream.settings.max_record_kib * KIB:
            for place, entry in enumerate(entries, 1):
                _check_record_size(stream, entry, f"records.{place}.member.data")
        if _is_unlucky():
            failure = {"ErrorCode": ThroughputExceeded.code, "ErrorMessage": UNLUCKY}
            return {"FailedRecordCount": len(entries), "Records": [failure for _ in entries]}
        results = write(stream, entries, metrics.count_batch)
        return {
            "FailedRecordCount": sum("ErrorCode" in result for result in results),
            "Records": results,
            **encryption(stream),
        }


def write(
    stream: Stream, entries: list[Entry], count: Callable[[Stream, dict[str, ShardWrites]], None]
) -> list[Answer]:
    """Append records and wake the stream's readers; returns a PutRecords result for each entry."""
    refused = faults.refusals(stream, entries) if FAULTS.armed(Point.KINESIS_PUT) else {}
    writes: dict[str, ShardWrites] = {}
    if refused:
        for place, result in refused.items():
            written = writes.setdefault(stream.shards.holding(entries[place].hash_key()).name, ShardWrites())
            if result["ErrorCode"] == ThroughputExceeded.code:
                written.throttled += 1
            else:
                written.failed += 1
        kept = [entry for place, entry in enumerate(entries) if place not in refused]
        results = iter(_write(stream, kept, writes, count))
        return [refused[place] if place in refused else next(results) for place in range(len(entries))]
    return _write(stream, entries, writes, count)


def _write(
    stream: Stream,
    entries: list[Entry],
    writes: dict[str, ShardWrites],
    count: Callable[[Stream, dict[str, ShardWrites]], None],
) -> list[Answer]:
    """Append records, beside what is counted of others of the same call."""
    hash_keys = [entry.hash_key() for entry in entries]
    share, over = LIMITS.share(Limit.SHARD_LIMITS), 0
    with stream.lock:
        now = now_ms()
        stream.expire(now)
        results = []
        for entry, hash_key in zip(entries, hash_keys, strict=True):
            shard = stream.shards.holding(hash_key)
            size, name = entry.size, shard.name
            written = writes.get(name) or writes.setdefault(name, ShardWrites())
            if share is not None and not shard.throughput.admit_write(size, now, share):
                written.throttled += 1
                over += 1
                results.append(throttled_record(stream, shard))
                continue
            written.records += 1
            written.size += size
            number = shard.sequence_number(stream.append(shard, entry, now))
            results.append({"SequenceNumber": number, "ShardId": name})
    if over:
        LIMITS.refuse(Limit.SHARD_LIMITS, over)
    STREAM_WRITES.ring(stream.identity.arn)
    count(stream, writes)
    MEMORY.grew(sum(written.records for written in writes.values()), sum(written.size for written in writes.values()))
    return results


def _is_unlucky() -> bool:
    """Whether LocalStack's own error injection fires, by the variable KINESIS_ERROR_PROBABILITY."""
    return random.random() < float(localstack_config.KINESIS_ERROR_PROBABILITY)  # noqa: S311 - luck, not a secret


def _check_record_size(stream: Stream, entry: Entry, path: str) -> None:
    largest = stream.settings.max_record_kib * KIB
    if entry.size > largest:
        rule = f"Member must have length less than or equal to {largest}"
        raise Validation(in_words([constraint(entry.data, path, rule)]))
