"""S3's life cycle: the removal of what rules have expire (`control_api.life_cycle` says when).

AWS queues what has expired and removes it some time later; here it goes at the first moment at which AWS may remove it.
Storage classes are no concern here: transitions are not made, and no notification tells of an expiration.
"""

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from localstack.services.s3.models import S3DeleteMarker, s3_stores
from localstack.services.s3.utils import generate_safe_version_id, get_unique_key_id, rfc_1123_datetime

from wavetank.emulator.faults.stale import storage
from wavetank.emulator.s3 import expiry
from wavetank.emulator.s3.contents import NULL_VERSION
from wavetank.emulator.s3.expiry import Version

LOG = logging.getLogger(__name__)

ENABLED = "Enabled"


def remove_all(now: datetime) -> None:
    """Remove what has expired by now from every bucket; one where that fails is left for the next time."""
    for _account, _region, store in s3_stores.iter_stores():
        for bucket in list(store.buckets.values()):
            try:
                remove_expired(bucket, now)
            except Exception:
                LOG.exception("what has expired in bucket %s could not be removed", bucket.name)


def remove_expired(bucket: Any, now: datetime) -> None:
    """Remove what has expired in a bucket by now, as its versioning says: an object, a version, or behind a marker."""
    rules = bucket.lifecycle_rules
    if not rules:
        return
    store = s3_stores[bucket.bucket_account_id][bucket.bucket_region]
    for stored in _by_key(bucket):
        versions = [_version(bucket, item, store.tags) for item in stored]
        for position in expiry.expired(rules, versions, now):
            if position == 0 and bucket.versioning_status and not versions[0].is_marker:
                version_id = generate_safe_version_id() if bucket.versioning_status == ENABLED else NULL_VERSION
                bucket.objects.set(stored[0].key, S3DeleteMarker(stored[0].key, version_id))
            else:
                _remove(bucket, stored[position], store.tags)
    for upload in list(bucket.multiparts.values()):
        moment = expiry.of_upload(rules, upload.object.key, upload.initiated)
        if moment is not None and moment <= now and bucket.multiparts.pop(upload.id, None) is not None:
            storage().remove_multipart(bucket.name, upload)


def header(_provider: Any, lifecycle_rules: Any, bucket: str, s3_object: Any, object_tags: Mapping[str, str]) -> str:  # noqa: ARG001
    """The `x-amz-expiration` of an object, by its tags and the rules as they are now; empty where it has none.

    Stands in for LocalStack's `_get_expiration_header`, which keeps its first answer, and heeds disabled rules.
    """
    version = Version(s3_object.key, s3_object.last_modified, s3_object.size or 0, object_tags or {})
    expiration = expiry.of_current(lifecycle_rules, version)
    if expiration is None:
        return ""
    return f'expiry-date="{rfc_1123_datetime(expiration.moment)}", rule-id="{expiration.rule_id}"'


def _by_key(bucket: Any) -> Iterator[list[Any]]:
    """The versions of each key, the newest first; an object of a bucket without versions by itself."""
    if bucket.versioning_status is None:
        yield from ([item] for item in bucket.objects.values())
        return
    of_key: dict[str, list[Any]] = {}
    for item in bucket.objects.values(with_versions=True):
        of_key.setdefault(item.key, []).insert(0, item)
    yield from of_key.values()


def _version(bucket: Any, item: Any, tags: Any) -> Version:
    if isinstance(item, S3DeleteMarker):
        return Version(item.key, item.last_modified, is_marker=True)
    of_item = tags.get_tags(get_unique_key_id(bucket.name, item.key, item.version_id))
    return Version(item.key, item.last_modified, item.size or 0, of_item or {})


def _remove(bucket: Any, item: Any, tags: Any) -> None:
    """Remove an object or a version for good, unless another one has taken its place meanwhile."""
    if item.is_locked():
        return
    if bucket.versioning_status is None:
        if bucket.objects.get(item.key) is not item:
            return
        bucket.objects.pop(item.key)
    else:
        bucket.objects.pop(item.key, item.version_id)
    if not isinstance(item, S3DeleteMarker):
        storage().remove(bucket.name, item)
        tags.delete_all_tags(get_unique_key_id(bucket.name, item.key, item.version_id))
