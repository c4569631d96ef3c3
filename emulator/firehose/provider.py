"""Firehose as LocalStack's provider: the API on one side, running delivery streams on the other."""

import itertools
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
from wavetank.emulator.firehose.core.destinations import DESTINATION_ID, Configuration
from wavetank.emulator.firehose.core.settings import ConfigurationError
from wavetank.emulator.firehose.hose import DIRECT_PUT, FROM_KINESIS, Hose
from wavetank.emulator.firehose.rules import check, check_batch, creation, update
from wavetank.emulator.firehose.stream import BUFFER_HOP
from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.inflight import IN_FLIGHT
from wavetank.emulator.runtime.reset import RESET

WATCH = "firehose"
LULL_S = 0.5
"""At a settle, a buffer is delivered early once nothing else is in flight, or nothing came in for so long."""

MAX_TAGS = 50
Answer = dict[str, Any]


class FirehoseProvider(FirehoseApi, ServiceLifecycleHook):
    """Delivery streams to S3 or an HTTP endpoint, from direct puts or a Kinesis stream."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hoses: defaultdict[tuple[str, str], dict[str, Hose]] = defaultdict(dict)
        self._opening: set[str] = set()  # ARNs of those being created, which nobody else may create
        IN_FLIGHT.watch(WATCH, self._pending, self._flush)
        RESET.enrol(WATCH, self._discard)
        RESET.write_to(WATCH, lambda: {bucket for hose in self._all() for bucket in hose.buckets()})

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
        wanted, name = creation(request), request["DeliveryStreamName"]
        asked = request.get("DeliveryStreamEncryptionConfigurationInput")
        encryption = _encryption(FROM_KINESIS if wanted.source_config else DIRECT_PUT, asked) if asked else None
        arn = firehose_stream_arn(name, context.account_id, context.region)
        with self._reserved(context, name, arn):
            hose = _opened(
                name,
                Identity(arn, context.account_id, context.region),
                wanted.config,
                source_config=wanted.source_config,
            )
            hose.tags |= _tags(request.get("Tags"))
            hose.encryption = encryption or hose.encryption
            with self._lock:
                self._of(context)[name] = hose
        return {"DeliveryStreamARN": arn}

    @handler("DeleteDeliveryStream", expand=False)
    def delete_delivery_stream(self, context: RequestContext, request: Answer) -> Answer:
        """Stop and forget at once; what is not delivered is lost, as AWS documents."""
        with self._lock:
            hose = self._hose(context, request)
            del self._of(context)[hose.name]
        hose.close()
        return {}

    @handler("DescribeDeliveryStream", expand=False)
    def describe_delivery_stream(self, context: RequestContext, request: Answer) -> Answer:
        """Configuration and status."""
        return {"DeliveryStreamDescription": self._hose(context, request).description()}

    @handler("ListDeliveryStreams", expand=False)
    def list_delivery_streams(self, context: RequestContext, request: Answer) -> Answer:
        """Names in order, by type."""
        check(context, request)
        after = request.get("ExclusiveStartDeliveryStreamName") or ""
        kind = request.get("DeliveryStreamType")
        hoses = self._of(context)
        names = [n for n in sorted(hoses) if n > after and kind in (None, hoses[n].type)]
        limit = request.get("Limit") or 10
        return {"DeliveryStreamNames": names[:limit], "HasMoreDeliveryStreams": len(names) > limit}

    @handler("PutRecord", expand=False)
    def put_record(self, context: RequestContext, request: Answer) -> Answer:
        """Take one record."""
        hose = self._writable(context, request)
        hose.put([request["Record"]["Data"]])
        return {"RecordId": _record_id(), "Encrypted": hose.encrypted}

    @handler("PutRecordBatch", expand=False)
    def put_record_batch(self, context: RequestContext, request: Answer) -> Answer:
        """Take all records; none fails alone."""
        hose = self._writable(context, request)
        records = [record["Data"] for record in request["Records"]]
        check_batch([len(record) for record in records])
        hose.put(records)
        answers = [{"RecordId": _record_id()} for _ in records]
        return {"FailedPutCount": 0, "Encrypted": hose.encrypted, "RequestResponses": answers}

    @handler("UpdateDestination", expand=False)
    def update_destination(self, context: RequestContext, request: Answer) -> Answer:
        """Merge the update into the destination and count the version up."""
        with self._lock:
            hose = self._hose(context, request)
            kind, change = update(request)
            wanted = request["CurrentDeliveryStreamVersionId"]
            if wanted != str(hose.version):
                raise ConcurrentModificationException(
                    f"Cannot update firehose: {hose.name} since the current version id: {hose.version} "
                    f"and specified version id: {wanted} do not match"
                )
            if request["DestinationId"] != DESTINATION_ID:
                raise InvalidArgumentException(f"Destination Id {request['DestinationId']} not found")
            try:
                hose.update(kind, change)
            except ConfigurationError as error:
                raise InvalidArgumentException(str(error)) from error
        return {}

    @handler("StartDeliveryStreamEncryption", expand=False)
    def start_delivery_stream_encryption(self, context: RequestContext, request: Answer) -> Answer:
        """Note that direct puts are encrypted from now on."""
        hose = self._hose(context, request)
        wanted = request.get("DeliveryStreamEncryptionConfigurationInput") or {"KeyType": "AWS_OWNED_CMK"}
        hose.encryption = _encryption(hose.type, wanted)
        return {}

    @handler("StopDeliveryStreamEncryption", expand=False)
    def stop_delivery_stream_encryption(self, context: RequestContext, request: Answer) -> Answer:
        """Note that direct puts are not encrypted any more."""
        self._hose(context, request).encryption = {"Status": "DISABLED"}
        return {}

    @handler("TagDeliveryStream", expand=False)
    def tag_delivery_stream(self, context: RequestContext, request: Answer) -> Answer:
        """Set tags."""
        hose = self._hose(context, request)
        tags = hose.tags | _tags(request["Tags"])
        if len(tags) > MAX_TAGS:
            raise LimitExceededException(f"A Firehose can have at most {MAX_TAGS} tags")
        hose.tags = tags
        return {}

    @handler("UntagDeliveryStream", expand=False)
    def untag_delivery_stream(self, context: RequestContext, request: Answer) -> Answer:
        """Remove tags."""
        hose = self._hose(context, request)
        hose.tags = {key: value for key, value in hose.tags.items() if key not in request["TagKeys"]}
        return {}

    @handler("ListTagsForDeliveryStream", expand=False)
    def list_tags_for_delivery_stream(self, context: RequestContext, request: Answer) -> Answer:
        """Tags by key, in pages."""
        tags = self._hose(context, request).tags
        after, limit = request.get("ExclusiveStartTagKey") or "", request.get("Limit") or MAX_TAGS
        keys = [key for key in sorted(tags) if key > after]
        page = [{"Key": key, "Value": tags[key]} for key in keys[:limit]]
        return {"Tags": page, "HasMoreTags": len(keys) > limit}

    @contextmanager
    def _reserved(self, context: RequestContext, name: str, arn: str) -> Iterator[None]:
        """Nobody else may take the name meanwhile; raises ResourceInUseException when somebody has.

        The lock is not held for so long: opening calls other services, which may be slow.
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

    def _of(self, context: RequestContext) -> dict[str, Hose]:
        return self._hoses[context.account_id, context.region]

    def _hose(self, context: RequestContext, request: Answer) -> Hose:
        check(context, request)
        name = request["DeliveryStreamName"]
        hose = self._of(context).get(name)
        if hose is None:
            raise ResourceNotFoundException(f"Firehose {name} under account {context.account_id} not found.")
        return hose

    def _writable(self, context: RequestContext, request: Answer) -> Hose:
        hose = self._hose(context, request)
        if hose.type != DIRECT_PUT:
            raise InvalidArgumentException(f"This operation is not permitted on {hose.type} delivery stream type.")
        if not hose.stream.has_room():
            raise ServiceUnavailableException("Slow down.")
        return hose

    def _all(self) -> list[Hose]:
        return [hose for hoses in tuple(self._hoses.values()) for hose in tuple(hoses.values())]

    def _close_all(self) -> None:
        with self._lock:
            for hose in self._all():
                hose.close()
            self._hoses.clear()

    def _discard(self) -> None:
        for hose in self._all():
            hose.stream.discard()

    def _pending(self) -> list[Pending]:
        return list(itertools.chain.from_iterable(hose.pending() for hose in self._all()))

    def _flush(self) -> None:
        waiting = [hose.stream for hose in self._all() if hose.stream.holds_records()]
        if not waiting:
            return
        only_buffers = all(item.hop == BUFFER_HOP for item in IN_FLIGHT.working())
        for stream in waiting:
            if only_buffers or stream.is_quiet_for(LULL_S):
                stream.flush()


def _opened(name: str, identity: Identity, config: Configuration, **rest: Any) -> Hose:
    try:
        return Hose.open(name, identity, config, **rest)
    except ConfigurationError as error:
        raise InvalidArgumentException(str(error)) from error
    except ClientError as error:
        raise InvalidArgumentException(error.response["Error"]["Message"]) from error


def _encryption(kind: str, wanted: Answer) -> Answer:
    if kind != DIRECT_PUT:
        raise InvalidArgumentException(
            "Server-side encryption of a Firehose with a Kinesis stream as its source is that of the stream."
        )
    if wanted["KeyType"] == "CUSTOMER_MANAGED_CMK" and not wanted.get("KeyARN"):
        raise InvalidArgumentException("KeyARN is required when KeyType is CUSTOMER_MANAGED_CMK.")
    return {"Status": "ENABLED", **{k: v for k, v in wanted.items() if v is not None}}


def _tags(tags: list[dict[str, str]] | None) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value") or "" for tag in tags or []}


def _record_id() -> str:
    return str(uuid.uuid4())
