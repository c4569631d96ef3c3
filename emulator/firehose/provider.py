"""The provider of Firehose: LocalStack's API on one side, running delivery streams on the other."""

import threading
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api import RequestContext, handler
from localstack.aws.api.firehose import (
    ConcurrentModificationException,
    FirehoseApi,
    InvalidArgumentException,
    LimitExceededException,
    ResourceInUseException,
    ResourceNotFoundException,
    ServiceUnavailableException,
)
from localstack.services.plugins import ServiceLifecycleHook
from localstack.utils.aws.arns import firehose_stream_arn

from wavetank.emulator.firehose.aws import Identity
from wavetank.emulator.firehose.buffered_delivery import BUFFER_HOP
from wavetank.emulator.firehose.core.destinations import DESTINATION_ID
from wavetank.emulator.firehose.core.settings import ConfigurationError
from wavetank.emulator.firehose.delivery_stream import DIRECT_PUT, FROM_KINESIS, DeliveryStream
from wavetank.emulator.firehose.rules import check, check_batch, creation, update
from wavetank.emulator.runtime.inflight import IN_FLIGHT
from wavetank.emulator.runtime.reset import RESET

WATCH = "firehose"
LULL_S = 0.5
"""The lull after which a settle delivers a buffer early: no record came in, or nothing else is in flight."""

MAX_TAGS = 50
Answer = dict[str, Any]


class FirehoseProvider(FirehoseApi, ServiceLifecycleHook):
    """Delivery streams to S3 or an HTTP endpoint, from direct puts or a Kinesis stream."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: defaultdict[tuple[str, str], dict[str, DeliveryStream]] = defaultdict(dict)
        self._opening: set[str] = set()  # ARNs of those that are being created
        IN_FLIGHT.watch(WATCH, lambda: [item for stream in self._all() for item in stream.pending()], self._flush)
        RESET.enrol(WATCH, self._discard)
        RESET.write_to(WATCH, lambda: {bucket for stream in self._all() for bucket in stream.buckets()})

    def on_before_stop(self) -> None:
        """Stop every delivery stream."""
        IN_FLIGHT.unwatch(WATCH)
        RESET.strike_off(WATCH)
        self._close_all()

    def on_before_state_reset(self) -> None:
        """Forget every delivery stream."""
        self._close_all()

    @handler("CreateDeliveryStream", expand=False)
    def create_delivery_stream(self, context: RequestContext, request: Answer) -> Answer:
        """Create and start; the delivery stream is ACTIVE at once, its position in the source is taken."""
        check(context, request)
        checked, name = creation(request), request["DeliveryStreamName"]
        asked = request.get("DeliveryStreamEncryptionConfigurationInput")
        encryption = _encryption(FROM_KINESIS if checked.source_config else DIRECT_PUT, asked) if asked else None
        arn = firehose_stream_arn(name, context.account_id, context.region)
        with self._reserved(context, name, arn):
            identity = Identity(arn, context.account_id, context.region)
            try:
                stream = DeliveryStream.open(name, identity, checked.config, source_config=checked.source_config)
            except ConfigurationError as error:
                raise InvalidArgumentException(str(error)) from error
            except ClientError as error:
                raise InvalidArgumentException(error.response["Error"]["Message"]) from error
            stream.tags |= _tags(request.get("Tags"))
            stream.encryption = encryption or stream.encryption
            with self._lock:
                self._of(context)[name] = stream
        return {"DeliveryStreamARN": arn}

    @handler("DeleteDeliveryStream", expand=False)
    def delete_delivery_stream(self, context: RequestContext, request: Answer) -> Answer:
        """Stop and forget at once; records that are not delivered are lost, as AWS documents."""
        with self._lock:
            stream = self._stream(context, request)
            del self._of(context)[stream.name]
        stream.close()
        return {}

    @handler("DescribeDeliveryStream", expand=False)
    def describe_delivery_stream(self, context: RequestContext, request: Answer) -> Answer:
        """Configuration and status."""
        return {"DeliveryStreamDescription": self._stream(context, request).description()}

    @handler("ListDeliveryStreams", expand=False)
    def list_delivery_streams(self, context: RequestContext, request: Answer) -> Answer:
        """Names in order, by type."""
        check(context, request)
        after = request.get("ExclusiveStartDeliveryStreamName") or ""
        kind = request.get("DeliveryStreamType")
        streams = self._of(context)
        names = [name for name in sorted(streams) if name > after and kind in (None, streams[name].type)]
        limit = request.get("Limit") or 10
        return {"DeliveryStreamNames": names[:limit], "HasMoreDeliveryStreams": len(names) > limit}

    @handler("PutRecord", expand=False)
    def put_record(self, context: RequestContext, request: Answer) -> Answer:
        """Take one record."""
        stream = self._writable(context, request)
        stream.put([request["Record"]["Data"]])
        return {"RecordId": _record_id(), "Encrypted": stream.encrypted}

    @handler("PutRecordBatch", expand=False)
    def put_record_batch(self, context: RequestContext, request: Answer) -> Answer:
        """Take all records; none fails alone."""
        stream = self._writable(context, request)
        records = [record["Data"] for record in request["Records"]]
        check_batch([len(record) for record in records])
        stream.put(records)
        answers = [{"RecordId": _record_id()} for _ in records]
        return {"FailedPutCount": 0, "Encrypted": stream.encrypted, "RequestResponses": answers}

    @handler("UpdateDestination", expand=False)
    def update_destination(self, context: RequestContext, request: Answer) -> Answer:
        """Merge the update into the destination and count the version up."""
        with self._lock:
            stream = self._stream(context, request)
            kind, change = update(request)
            version = request["CurrentDeliveryStreamVersionId"]
            if version != str(stream.version):
                raise ConcurrentModificationException(
                    f"Cannot update firehose: {stream.name} since the current version id: {stream.version} "
                    f"and specified version id: {version} do not match"
                )
            if request["DestinationId"] != DESTINATION_ID:
                raise InvalidArgumentException(f"Destination Id {request['DestinationId']} not found")
            try:
                stream.update(kind, change)
            except ConfigurationError as error:
                raise InvalidArgumentException(str(error)) from error
        return {}

    @handler("StartDeliveryStreamEncryption", expand=False)
    def start_delivery_stream_encryption(self, context: RequestContext, request: Answer) -> Answer:
        """Note that direct puts are encrypted from now on."""
        stream = self._stream(context, request)
        asked = request.get("DeliveryStreamEncryptionConfigurationInput") or {"KeyType": "AWS_OWNED_CMK"}
        stream.encryption = _encryption(stream.type, asked)
        return {}

    @handler("StopDeliveryStreamEncryption", expand=False)
    def stop_delivery_stream_encryption(self, context: RequestContext, request: Answer) -> Answer:
        """Note that direct puts are not encrypted any more."""
        self._stream(context, request).encryption = {"Status": "DISABLED"}
        return {}

    @handler("TagDeliveryStream", expand=False)
    def tag_delivery_stream(self, context: RequestContext, request: Answer) -> Answer:
        """Set tags."""
        stream = self._stream(context, request)
        tags = stream.tags | _tags(request["Tags"])
        if len(tags) > MAX_TAGS:
            raise LimitExceededException(f"A Firehose can have at most {MAX_TAGS} tags")
        stream.tags = tags
        return {}

    @handler("UntagDeliveryStream", expand=False)
    def untag_delivery_stream(self, context: RequestContext, request: Answer) -> Answer:
        """Remove tags."""
        stream = self._stream(context, request)
        stream.tags = {key: value for key, value in stream.tags.items() if key not in request["TagKeys"]}
        return {}

    @handler("ListTagsForDeliveryStream", expand=False)
    def list_tags_for_delivery_stream(self, context: RequestContext, request: Answer) -> Answer:
        """Tags by key, in pages."""
        tags = self._stream(context, request).tags
        after, limit = request.get("ExclusiveStartTagKey") or "", request.get("Limit") or MAX_TAGS
        keys = [key for key in sorted(tags) if key > after]
        page = [{"Key": key, "Value": tags[key]} for key in keys[:limit]]
        return {"Tags": page, "HasMoreTags": len(keys) > limit}

    @contextmanager
    def _reserved(self, context: RequestContext, name: str, arn: str) -> Iterator[None]:
        """Reserve a name for one request; raises ResourceInUseException when it is taken.

        The lock is not held meanwhile: opening calls other services, which may be slow.
        """
        with self._lock:
            if name in self._of(context) or arn in self._opening:
                raise ResourceInUseException(f"Firehose {name} under accountId {context.account_id} already exists")
            self._opening.add(arn)
        try:
            yield
        finally:
            with self._lock:
                self._opening.discard(arn)

    def _of(self, context: RequestContext) -> dict[str, DeliveryStream]:
        return self._streams[context.account_id, context.region]

    def _stream(self, context: RequestContext, request: Answer) -> DeliveryStream:
        check(context, request)
        name = request["DeliveryStreamName"]
        stream = self._of(context).get(name)
        if stream is None:
            raise ResourceNotFoundException(f"Firehose {name} under account {context.account_id} not found.")
        return stream

    def _writable(self, context: RequestContext, request: Answer) -> DeliveryStream:
        stream = self._stream(context, request)
        if stream.type != DIRECT_PUT:
            raise InvalidArgumentException(f"This operation is not permitted on {stream.type} delivery stream type.")
        if not stream.buffered.has_room():
            raise ServiceUnavailableException("Slow down.")
        return stream

    def _all(self) -> list[DeliveryStream]:
        return [stream for streams in tuple(self._streams.values()) for stream in tuple(streams.values())]

    def _close_all(self) -> None:
        with self._lock:
            for stream in self._all():
                stream.close()
            self._streams.clear()

    def _discard(self) -> None:
        for stream in self._all():
            stream.buffered.discard()

    def _flush(self) -> None:
        waiting = [stream.buffered for stream in self._all() if stream.buffered.holds_records()]
        if not waiting:
            return
        only_buffers = all(item.hop == BUFFER_HOP for item in IN_FLIGHT.working())
        for stream in waiting:
            if only_buffers or stream.is_quiet_for(LULL_S):
                stream.flush()


def _encryption(kind: str, asked: Answer) -> Answer:
    if kind != DIRECT_PUT:
        raise InvalidArgumentException(
            "Server-side encryption of a Firehose with a Kinesis stream as its source is that of the stream."
        )
    if asked["KeyType"] == "CUSTOMER_MANAGED_CMK" and not asked.get("KeyARN"):
        raise InvalidArgumentException("KeyARN is required when KeyType is CUSTOMER_MANAGED_CMK.")
    return {"Status": "ENABLED", **{name: value for name, value in asked.items() if value is not None}}


def _tags(tags: list[dict[str, str]] | None) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value") or "" for tag in tags or []}


def _record_id() -> str:
    return str(uuid.uuid4())
