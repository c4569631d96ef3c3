"""The invocation record that an on-failure destination gets for records that were given up.

Source: AWS developer guide, "Retain discarded batch records for a Kinesis Data Streams event source in Lambda".
Records that were too old carry no responseContext.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from wavetank.emulator.lambda_.mappings.batch_window import event_json
from wavetank.emulator.lambda_.mappings.stream.core.retry import Discard


@dataclass(frozen=True)
class Origin:
    """The origin of discarded records."""

    function_arn: str
    stream_arn: str
    shard_id: str


def invocation_record(discard: Discard, origin: Origin, request_id: str, now: float) -> dict[str, object]:
    """The document for SQS and SNS; `request_id` names the invocation where no reply does."""
    reply, first, last = discard.reply, discard.records[0], discard.records[-1]
    record: dict[str, object] = {
        "requestContext": {
            "requestId": reply.request_id if reply else request_id,
            "functionArn": origin.function_arn,
            "condition": str(discard.condition),
            "approximateInvokeCount": discard.invokes,
        }
    }
    if reply is not None:
        record["responseContext"] = {
            "statusCode": reply.status_code,
            "executedVersion": reply.executed_version,
            "functionError": reply.function_error,
        }
    batch = {
        "shardId": origin.shard_id,
        "startSequenceNumber": first.sequence,
        "endSequenceNumber": last.sequence,
        "approximateArrivalOfFirstRecord": _iso(first.arrived),
        "approximateArrivalOfLastRecord": _iso(last.arrived),
        "batchSize": len(discard.records),
        "streamArn": origin.stream_arn,
    }
    return record | {"version": "1.0", "timestamp": _iso(now), "KinesisBatchInfo": batch}


def s3_record(discard: Discard, origin: Origin, request_id: str, now: float) -> dict[str, object]:
    """The document for S3: the same, and the whole event as a JSON string."""
    record = invocation_record(discard, origin, request_id, now)
    return record | {"payload": event_json(discard.records)}


def s3_key(mapping_uuid: str, shard_id: str, now: float, random_uuid: str) -> str:
    """`aws/lambda/<mapping>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<random UUID>`, in UTC."""
    at = datetime.fromtimestamp(now, UTC)
    return f"aws/lambda/{mapping_uuid}/{shard_id}/{at:%Y/%m/%d}/{at:%Y-%m-%dT%H.%M.%S}-{random_uuid}"


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
