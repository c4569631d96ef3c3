"""The fault point `s3.read`: a read does not see the writes of a moment ago yet.

Writes are noted while a fault is set here, each with the object of before, which the bucket still holds then. A new
object is missing from listings and cannot be got; one that was overwritten is got and listed as it was; for new tags
the old ones are answered. A read of a range, or of a version by its id, is not stale.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localstack.aws.protocol.serializer import create_serializer

from wavetank.emulator.faults.engine import FAULTS
from wavetank.emulator.faults.identity import steady
from wavetank.emulator.faults.points import Point
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.s3_keys import form_decoded

_CREATES = frozenset({"PutObject", "CopyObject", "CompleteMultipartUpload"})
_TAGS = frozenset({"PutObjectTagging", "DeleteObjectTagging"})
_GETS = frozenset({"GetObject", "HeadObject"})
_LISTS = frozenset({"ListObjects", "ListObjectsV2"})
_PARTLY = ("Range", "PartNumber", "VersionId")

Name = tuple[str, str]


@dataclass(frozen=True)
class OlderObject:
    """An object as it was before it was overwritten: LocalStack's object, for its metadata, and its bytes."""

    item: Any
    data: bytes = field(repr=False)

    def answer(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to GetObject or HeadObject; raises S3's error where a condition of the request does not hold."""
        from localstack.services.s3.utils import encode_user_metadata, validate_failed_precondition

        condition: Any = request
        validate_failed_precondition(condition, self.item.last_modified, self.item.etag)
        answer = {"AcceptRanges": "bytes", **self.item.get_system_metadata_fields()}
        if self.item.user_metadata:
            answer["Metadata"] = encode_user_metadata(self.item.user_metadata)
        return answer | ({"Body": self.data} if operation == "GetObject" else {})

    def listed(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """The object's entry in a listing, as it was."""
        return {
            **item,
            "ETag": self.item.quoted_etag,
            "Size": self.item.size,
            "LastModified": self.item.last_modified,
        }


class Writes:
    """The writes by name and emulator time: new objects, and others and their tags as they were before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._created: dict[Name, float] = {}
        self._overwritten: dict[Name, list[tuple[float, OlderObject]]] = {}
        self._tagged: dict[Name, tuple[float, Mapping[str, str]]] = {}

    def created(self, name: Name) -> None:
        """Note the write of a new object."""
        with self._lock:
            self._created[name] = CLOCK.now()

    def overwritten(self, name: Name, before: OlderObject) -> None:
        """Note the write of an object that exists, as it was before."""
        with self._lock:
            self._overwritten.setdefault(name, []).append((CLOCK.now(), before))

    def tagged(self, name: Name, before: Mapping[str, str]) -> None:
        """Note a change of an object's tags, as they were before."""
        with self._lock:
            self._tagged[name] = (CLOCK.now(), before)

    def is_new(self, name: Name, lag_s: float) -> bool:
        """Whether the object is younger than `lag_s`."""
        at = self._created.get(name)
        return at is not None and CLOCK.now() - at < lag_s

    def content_before(self, name: Name, lag_s: float) -> OlderObject | None:
        """The object of `lag_s` ago, where it has been overwritten since."""
        return next((older for at, older in self._overwritten.get(name, ()) if CLOCK.now() - at < lag_s), None)

    def tags_before(self, name: Name, lag_s: float) -> Mapping[str, str] | None:
        """The tags of `lag_s` ago, where they have changed since."""
        at, before = self._tagged.get(name, (0.0, {}))
        return before if CLOCK.now() - at < lag_s else None

    def has(self, name: Name) -> bool:
        """Whether a write of this object was noted."""
        return name in self._created or name in self._overwritten or name in self._tagged

    def forget(self) -> None:
        """Forget every write."""
        with self._lock:
            self._created.clear()
            self._overwritten.clear()
            self._tagged.clear()


WRITES = Writes()


def before(chain: Any, context: Any, response: Any, caller: str) -> None:
    """Note a write; refuse the read of an object that is too new, answer that of one overwritten as it was before."""
    operation, request = context.operation.name, context.service_request or {}
    name = (str(request.get("Bucket") or ""), str(request.get("Key") or ""))
    if operation in _CREATES:
        bucket = _store(context, name[0])[1]
        item = bucket.objects.get(name[1]) if bucket is not None else None
        if item is None or not hasattr(item, "etag"):
            WRITES.created(name)
            return
        with storage().open(bucket.name, item, mode="r") as stored:
            content = OlderObject(item, stored.read())
        WRITES.overwritten(name, content)
    elif operation in _TAGS:
        WRITES.tagged(name, _tags(context, name))
    elif operation in _GETS and not any(request.get(field) for field in _PARTLY):
        lag_s = _lag_s(operation, name, caller)
        if lag_s and WRITES.is_new(name, lag_s):
            from localstack.aws.api.s3 import NoSuchKey

            raise NoSuchKey("The specified key does not exist.", Key=name[1])
        older = WRITES.content_before(name, lag_s) if lag_s else None
        if older is not None:
            replace_answer(context, response, older.answer(operation, request))
            chain.stop()


def after(context: Any, response: Any, caller: str) -> None:
    """Take objects and tags that are too new out of an answer."""
    operation, answer = context.operation.name, context.service_response
    if not isinstance(answer, dict):
        return
    request = context.service_request or {}
    bucket = str(request.get("Bucket") or "")
    if operation == "GetObjectTagging":
        name = (bucket, str(request.get("Key") or ""))
        lag_s = _lag_s(operation, name, caller)
        tags = WRITES.tags_before(name, lag_s) if lag_s else None
        if tags is not None:
            tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
            replace_answer(context, response, {**answer, "TagSet": tag_set})
    elif operation in _LISTS:
        listing = _older_listing(answer, bucket, operation, caller)
        if listing is not None:
            replace_answer(context, response, listing)


def replace_answer(context: Any, response: Any, answer: dict[str, Any]) -> None:
    """Put this answer in the place of the response."""
    serializer = create_serializer(context.service, context.protocol)
    stale = serializer.serialize_to_response(answer, context.operation, context.request.headers, context.request_id)
    response.headers.clear()
    response.update_from(stale)


def _older_listing(answer: dict[str, Any], bucket: str, operation: str, caller: str) -> dict[str, Any] | None:
    listed = answer.get("Contents") or []
    plain = form_decoded if answer.get("EncodingType") == "url" else str
    visible = []
    for item in listed:
        name = (bucket, plain(str(item["Key"])))
        lag_s = _lag_s(operation, name, caller)
        older = WRITES.content_before(name, lag_s)
        if not (lag_s and WRITES.is_new(name, lag_s)):
            visible.append(older.listed(item) if older is not None else item)
    if visible == listed:
        return None
    counted = {"KeyCount": answer["KeyCount"] - len(listed) + len(visible)} if "KeyCount" in answer else {}
    return {**answer, **counted, "Contents": visible}


def _lag_s(operation: str, name: Name, caller: str) -> float:
    """The age that a write must have to be seen by this read; 0 where no fault fires. Only written objects count."""
    if not WRITES.has(name):
        return 0.0
    target = {"operation": operation, "bucket": name[0], "key": name[1], "caller": caller}
    firing = FAULTS.fire(Point.S3_READ, target, steady(f"{operation}/{name[0]}/{name[1]}"))
    return firing.seconds("lag_s") if firing is not None else 0.0


def _store(context: Any, bucket: str) -> Any:
    from localstack.services.s3.models import s3_stores

    store = s3_stores[context.account_id][context.region]
    owner = store.global_bucket_map.get(bucket)
    if owner is None:
        return None, None
    store = s3_stores[owner][context.region]
    return store, store.buckets.get(bucket)


def _tags(context: Any, name: Name) -> dict[str, str]:
    from localstack.services.s3.utils import get_unique_key_id

    store, bucket = _store(context, name[0])
    item = bucket.objects.get(name[1]) if bucket is not None else None
    if item is None:
        return {}
    return dict(store.tags.get_tags(get_unique_key_id(name[0], name[1], item.version_id)))


def storage() -> Any:
    """LocalStack's store of the bytes of objects."""
    from localstack.services.plugins import SERVICE_PLUGINS

    return SERVICE_PLUGINS.get_service_container("s3").service._provider._storage_backend
