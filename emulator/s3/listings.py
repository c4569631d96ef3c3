"""The operations that list: ListObjects, ListObjectsV2, ListObjectVersions, ListMultipartUploads and ListParts.

Sources: Amazon S3 API reference, each operation's page; where that is silent, the answers of AWS that LocalStack's own
suite has recorded. LocalStack compares encoded keys with positions in an order of plain ones. Here a key is encoded
when it is written into the answer (`EncodingType` "url"), and nowhere else.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from localstack.aws.api.s3 import InvalidArgument, NoSuchUpload
from localstack.constants import AWS_REGION_US_EAST_1
from localstack.services.s3.models import S3DeleteMarker
from localstack.services.s3.validation import validate_encoding_type

from wavetank.emulator.runtime.s3_keys import form_encoded, token
from wavetank.emulator.s3 import contents, entries
from wavetank.emulator.s3.page import Page, Scope, first_page

LARGEST_PAGE = 1000
LARGEST_INTEGER = 2**31 - 1
Answer = dict[str, Any]
Request = Mapping[str, Any]


def list_objects(self: Any, context: Any, bucket: str, **request: Any) -> Answer:
    """A page of keys after `Marker`. `NextMarker` is told only with a delimiter: else it is the last key."""
    s3_bucket = _bucket(self, context, bucket, request)
    marker = request.get("marker") or ""
    limit, spell = _limit(request, "max_keys", "maxKeys"), _spelling(request)
    scope = _scope(request, marker)
    page = first_page(contents.objects(s3_bucket, scope), attrgetter("key"), scope, limit)
    answer = {
        "Name": bucket,
        "Prefix": spell(scope.prefix),
        "Marker": spell(marker),
        "MaxKeys": limit,
        **_common(page, request, spell),
        **_some("Contents", [entries.object(stored, spell) | {"Owner": s3_bucket.owner} for stored in page.entries]),
        **_region(s3_bucket),
    }
    if scope.delimiter and page.is_truncated:
        answer["NextMarker"] = spell(page.last)
    return answer


def list_objects_v2(self: Any, context: Any, bucket: str, **request: Any) -> Answer:
    """A page of keys after what `ContinuationToken` stands for, else after `StartAfter`."""
    s3_bucket = _bucket(self, context, bucket, request)
    limit, spell = _limit(request, "max_keys", "maxKeys"), _spelling(request)
    given, start_after = request.get("continuation_token"), request.get("start_after") or ""
    scope = _scope(request, start_after if given is None else contents.position(given))
    page = first_page(contents.objects(s3_bucket, scope), attrgetter("key"), scope, limit)
    owner = {"Owner": s3_bucket.owner} if request.get("fetch_owner") else {}
    answer = {
        "Name": bucket,
        "Prefix": spell(scope.prefix),
        "MaxKeys": limit,
        "KeyCount": len(page.entries) + len(page.common_prefixes),
        **_common(page, request, spell),
        **_some("Contents", [entries.object(stored, spell) | owner for stored in page.entries]),
        **_some("ContinuationToken", given),
        **_region(s3_bucket),
    }
    if page.is_truncated:
        answer["NextContinuationToken"] = token(page.last)
    if given is None and start_after:
        answer["StartAfter"] = spell(start_after)
    return answer


def list_object_versions(self: Any, context: Any, bucket: str, **request: Any) -> Answer:
    """A page of versions and delete markers, the newest of a key first, after `KeyMarker` and `VersionIdMarker`."""
    s3_bucket = _bucket(self, context, bucket, request)
    marker, version_marker = request.get("key_marker") or "", request.get("version_id_marker") or ""
    limit, spell = _limit(request, "max_keys", "maxKeys"), _spelling(request)
    scope = _scope(request, marker)
    page = first_page(contents.versions(s3_bucket, scope, version_marker), attrgetter("key"), scope, limit)
    markers = [version for version in page.entries if isinstance(version, S3DeleteMarker)]
    versions = [version for version in page.entries if not isinstance(version, S3DeleteMarker)]
    owner = {"Owner": s3_bucket.owner}
    answer = {
        "Name": bucket,
        "Prefix": spell(scope.prefix),
        "KeyMarker": spell(marker),
        "VersionIdMarker": version_marker,
        "MaxKeys": limit,
        **_common(page, request, spell),
        **_some("Versions", [entries.version(version, spell) | owner for version in versions]),
        **_some("DeleteMarkers", [entries.delete_marker(marker, spell) | owner for marker in markers]),
    }
    if page.is_truncated:
        answer["NextKeyMarker"] = spell(page.last)
        if not page.ends_with_prefix:
            answer["NextVersionIdMarker"] = contents.version_id(page.entries[-1])
    return answer


def list_multipart_uploads(self: Any, context: Any, bucket: str, **request: Any) -> Answer:
    """A page of unfinished uploads, the first begun of a key first, after `KeyMarker` and `UploadIdMarker`.

    As AWS does, it tells the next position whether or not there is more, and none after common prefixes alone.
    """
    s3_bucket = _bucket(self, context, bucket, request)
    marker = request.get("key_marker") or ""
    upload_marker = (request.get("upload_id_marker") or "") if marker else ""
    limit, spell = _limit(request, "max_uploads", "max-uploads"), _spelling(request)
    scope = _scope(request, marker)
    page = first_page(contents.uploads(s3_bucket, scope, upload_marker), attrgetter("object.key"), scope, limit)
    ends_with_upload = bool(page.entries) and not page.ends_with_prefix
    return {
        "Bucket": bucket,
        "KeyMarker": spell(marker),
        "UploadIdMarker": upload_marker,
        "NextKeyMarker": spell(page.last) if page.entries else "",
        "NextUploadIdMarker": page.entries[-1].id if ends_with_upload else "",
        "MaxUploads": limit,
        **_some("Prefix", spell(scope.prefix)),
        **_common(page, request, spell),
        **_some("Uploads", [entries.upload(upload, spell) for upload in page.entries]),
    }


def list_parts(self: Any, context: Any, bucket: str, key: str, upload_id: str, **request: Any) -> Answer:
    """A page of an upload's parts, by number, after `PartNumberMarker`."""
    s3_bucket = _bucket(self, context, bucket, request)
    upload = s3_bucket.multiparts.get(upload_id)
    if upload is None or upload.object.key != key:
        raise NoSuchUpload(
            "The specified upload does not exist. "
            "The upload ID may be invalid, or the upload may have been aborted or completed.",
            UploadId=upload_id,
        )
    limit = _limit(request, "max_parts", "max-parts")
    marker = _integer(request.get("part_number_marker") or 0, "part-number-marker")
    parts = [upload.parts[number] for number in sorted(upload.parts, key=int) if int(number) > marker]
    listed = parts[:limit]
    answer = {
        "Bucket": bucket,
        "Key": key,
        "UploadId": upload_id,
        "Initiator": upload.initiator,
        "Owner": upload.object.owner,
        "StorageClass": upload.object.storage_class,
        "IsTruncated": 0 < len(listed) < len(parts),
        "MaxParts": limit,
        "PartNumberMarker": marker,
        "NextPartNumberMarker": listed[-1].part_number if listed else 0,
        **_some("Parts", [entries.part(part, upload.checksum_algorithm) for part in listed]),
    }
    if upload.checksum_algorithm:
        answer |= {"ChecksumAlgorithm": upload.object.checksum_algorithm, "ChecksumType": upload.checksum_type}
    return answer


def _bucket(provider: Any, context: Any, bucket: str, request: Request) -> Any:
    validate_encoding_type(request.get("encoding_type"))
    owner = request.get("expected_bucket_owner")
    return provider._get_cross_account_bucket(context, bucket, expected_bucket_owner=owner)[1]


def _scope(request: Request, after: str) -> Scope:
    return Scope(request.get("prefix") or "", request.get("delimiter") or "", after)


def _spelling(request: Request) -> Callable[[str], str]:
    return form_encoded if request.get("encoding_type") else str


def _limit(request: Request, name: str, argument: str) -> int:
    """The size of a page: as the request says, at most `LARGEST_PAGE`, which it is also if the request says nothing."""
    limit = request.get(name)
    return LARGEST_PAGE if limit is None else min(_integer(limit, argument), LARGEST_PAGE)


def _integer(value: int, argument: str) -> int:
    if 0 <= value <= LARGEST_INTEGER:
        return value
    rule = f"Argument {argument} must be an integer between 0 and {LARGEST_INTEGER}"
    raise InvalidArgument(rule, ArgumentName=argument, ArgumentValue=str(value))


def _common(page: Page[Any], request: Request, spell: Callable[[str], str]) -> Answer:
    """The parts of an answer that all listings of keys share."""
    return {
        "IsTruncated": page.is_truncated,
        **_some("EncodingType", request.get("encoding_type")),
        **_some("Delimiter", spell(request.get("delimiter") or "")),
        **_some("CommonPrefixes", [{"Prefix": spell(prefix)} for prefix in page.common_prefixes]),
    }


def _region(s3_bucket: Any) -> Answer:
    return {} if s3_bucket.bucket_region == AWS_REGION_US_EAST_1 else {"BucketRegion": s3_bucket.bucket_region}


def _some(name: str, value: Any) -> Answer:
    """The element, unless it is empty."""
    return {name: value} if value else {}
