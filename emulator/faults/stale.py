"""The fault point `s3.read`: a read does not see yet what was written a moment ago.

Writes are noted while a fault is set here; what was there before is known from the bucket itself. A new object is
missing from listings and cannot be got; one that was overwritten is got and listed as it was; new tags are not there,
the old ones are. Who reads only a range, or a version by its id, reads what is there.
"""

import threading
from collections.abc import Mapping
from typing import Any

from localstack.aws.protocol.serializer import create_serializer

from wavetank.emulator.faults.engine import FAULTS
from wavetank.emulator.faults.identity import steady
from wavetank.emulator.faults.older import Older, taken
from wavetank.emulator.faults.points import Point
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.s3_keys import form_decoded

_CREATES = frozenset({"PutObject", "CopyObject", "CompleteMultipartUpload"})
_TAGS = frozenset({"PutObjectTagging", "DeleteObjectTagging"})
_GETS = frozenset({"GetObject", "HeadObject"})
_LISTS = frozenset({"ListObjects", "ListObjectsV2"})
_PARTLY = ("Range", "PartNumber", "VersionId")

Name = tuple[str, str]


class Writes:
    """What was written since when, in emulator time: new objects, and what others and their tags were before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._created: dict[Name, float] = {}
        self._overwritten: dict[Name, list[tuple[float, Older]]] = {}
        self._tagged: dict[Name, tuple[float, Mapping[str, str]]] = {}

    def created(self, name: Name) -> None:
        """An object was written that was not there."""
        with self._lock:
            self._created[name] = CLOCK.now()

    def overwritten(self, name: Name, before: Older) -> None:
        """An object is written again."""
        with self._lock:
            self._overwritten.setdefault(name, []).append((CLOCK.now(), before))

    def tagged(self, name: Name, before: Mapping[str, str]) -> None:
        """The tags of an object are changed."""
        with self._lock:
            self._tagged[name] = (CLOCK.now(), before)

    def is_new(self, name: Name, lag_s: float) -> bool:
        """Whether the object is younger than `lag_s`."""
        at = self._created.get(name)
        return at is not None and CLOCK.now() - at < lag_s

    def content_before(self, name: Name, lag_s: float) -> Older | None:
        """The object of `lag_s` ago, where it was another."""
        return next((older for at, older in self._overwritten.get(name, ()) if CLOCK.now() - at < lag_s), None)

    def tags_before(self, name: Name, lag_s: float) -> Mapping[str, str] | None:
        """The tags of `lag_s` ago, where they were others."""
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
    """Note a write; refuse the read of an object that is not there yet, answer that of one that is not new yet."""
    operation, request = context.operation.name, context.service_request or {}
    name = (str(request.get("Bucket") or ""), str(request.get("Key") or ""))
    if operation in _CREATES:
        older = taken(_store(context, name[0])[1], name[1])
        WRITES.created(name) if older is None else WRITES.overwritten(name, older)
    elif operation in _TAGS:
        WRITES.tagged(name, _tags(context, name))
    elif operation in _GETS and not any(request.get(field) for field in _PARTLY):
        answer = _older_object(operation, request, name, caller)
        if answer is not None:
            _tell(context, response, answer)
            chain.stop()


def after(context: Any, response: Any, caller: str) -> None:
    """Take out of an answer what is too new."""
    operation, answer = context.operation.name, context.service_response
    if not isinstance(answer, dict):
        return
    request = context.service_request or {}
    bucket = str(request.get("Bucket") or "")
    older: dict[str, Any] | None = None
    if operation == "GetObjectTagging":
        older = _older_tags(answer, (bucket, str(request.get("Key") or "")), caller)
    elif operation in _LISTS:
        older = _older_listing(answer, bucket, operation, caller)
    if older is not None:
        _tell(context, response, older)


def _tell(context: Any, response: Any, answer: dict[str, Any]) -> None:
    """Put this answer in the place of what is in `response`."""
    serializer = create_serializer(context.service, context.protocol)
    told = serializer.serialize_to_response(answer, context.operation, context.request.headers, context.request_id)
    response.headers.clear()
    response.update_from(told)


def _older_object(operation: str, request: Mapping[str, Any], name: Name, caller: str) -> dict[str, Any] | None:
    lag_s = _lag_s(operation, name, caller)
    if lag_s and WRITES.is_new(name, lag_s):
        from localstack.aws.api.s3 import NoSuchKey

        raise NoSuchKey("The specified key does not exist.", Key=name[1])
    older = WRITES.content_before(name, lag_s) if lag_s else None
    return older.answer(operation, request) if older is not None else None


def _older_tags(answer: dict[str, Any], name: Name, caller: str) -> dict[str, Any] | None:
    lag_s = _lag_s("GetObjectTagging", name, caller)
    tags = WRITES.tags_before(name, lag_s) if lag_s else None
    if tags is None:
        return None
    return {**answer, "TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _older_listing(answer: dict[str, Any], bucket: str, operation: str, caller: str) -> dict[str, Any] | None:
    listed = answer.get("Contents") or []
    plain = form_decoded if answer.get("EncodingType") == "url" else str
    seen = []
    for item in listed:
        name = (bucket, plain(str(item["Key"])))
        lag_s = _lag_s(operation, name, caller)
        older = WRITES.content_before(name, lag_s)
        if not (lag_s and WRITES.is_new(name, lag_s)):
            seen.append(older.listed(item) if older is not None else item)
    if seen == listed:
        return None
    counted = {"KeyCount": answer["KeyCount"] - len(listed) + len(seen)} if "KeyCount" in answer else {}
    return {**answer, **counted, "Contents": seen}


def _lag_s(operation: str, name: Name, caller: str) -> float:
    """How old a write must be to be seen by this read; 0 where no fault strikes it. Only written objects count."""
    if not WRITES.has(name):
        return 0.0
    target = {"operation": operation, "bucket": name[0], "key": name[1], "caller": caller}
    firing = FAULTS.strike(Point.S3_READ, target, steady(f"{operation}/{name[0]}/{name[1]}"))
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
    found = bucket.objects.get(name[1]) if bucket is not None else None
    if found is None:
        return {}
    return dict(store.tags.get_tags(get_unique_key_id(name[0], name[1], found.version_id)))
