"""The contents of a bucket in listing order, from a position on; and the spelling of positions.

LocalStack keeps the versions of a key oldest first, and numbers them in the order in which they were made, as uploads
are here (`numbered`): so a position holds even where the version or upload that it names is gone.
"""

import base64
import binascii
import re
import time
from collections import defaultdict
from itertools import count
from operator import attrgetter
from typing import Any

from localstack.aws.api.s3 import InvalidArgument

from wavetank.emulator.runtime.s3_keys import AFTER
from wavetank.emulator.s3.page import Scope

VERSION_ID_BYTES = 24
NULL_VERSION = "null"
LAST_CHARACTER = chr(0x10FFFF)
UPLOAD_DIGITS = 16
UPLOAD_LENGTH = 128
UPLOAD_ID = re.compile(rf"[0-9a-f]{{{UPLOAD_DIGITS}}}[\w-]{{{UPLOAD_LENGTH - UPLOAD_DIGITS}}}", re.ASCII)

_numbers = count(time.time_ns())


def numbered(random: str) -> str:
    """An id of an upload that is greater than those before it, with the rest of a random one.

    ListMultipartUploads sorts the uploads of a key by the time of initiation, and goes on after an `UploadIdMarker`
    with ids that are lexicographically greater (Amazon S3 API reference). Only ids that grow do both, and go on after
    an upload that has been aborted meanwhile.
    """
    return f"{next(_numbers):0{UPLOAD_DIGITS}x}{random[UPLOAD_DIGITS:]}"


def position(token: str) -> str:
    """The key or common prefix that a continuation token stands for."""
    try:
        text = base64.b64decode(token, altchars=b"._", validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    if not text.startswith(AFTER):
        raise InvalidArgument("The continuation token provided is incorrect", ArgumentName="continuation-token")
    return text.removeprefix(AFTER)


def objects(bucket: Any, scope: Scope) -> list[Any]:
    """The scope's current objects in key order."""
    prefix, after = scope.prefix, scope.after
    matching = [stored for stored in bucket.objects.values() if stored.key > after and stored.key.startswith(prefix)]
    return sorted(matching, key=attrgetter("key"))


def versions(bucket: Any, scope: Scope, version_marker: str) -> list[Any]:
    """The scope's versions and delete markers in key order, the newest of a key first."""
    if version_marker and not scope.after:
        rule = "A version-id marker cannot be specified without a key marker."
        raise InvalidArgument(rule, ArgumentName="version-id-marker", ArgumentValue=version_marker)
    of_key = defaultdict(list)
    for version in bucket.objects.values(with_versions=True):
        if version.key >= scope.after and version.key.startswith(scope.prefix):
            of_key[version.key].append(version)
    if scope.after in of_key:
        oldest_first = of_key[scope.after]
        of_key[scope.after] = oldest_first[: _older(oldest_first, version_marker) if version_marker else 0]
    return [version for key in sorted(of_key) for version in reversed(of_key[key])]


def version_id(version: Any) -> str:
    """The id of a version; an object of a bucket without versions has the null version."""
    return version.version_id or NULL_VERSION


def _older(oldest_first: list[Any], version_marker: str) -> int:
    """How many of a key's versions are older than the marker, also if that version itself is gone.

    Ids of versions grow, but for the one that is "null": if it is the marker and gone, all of them are left to list.
    """
    ids = [version_id(version) for version in oldest_first]
    if version_marker in ids:
        return ids.index(version_marker)
    if version_marker == NULL_VERSION:
        return len(ids)
    marker = _version_number(version_marker)
    return next((i for i, id_ in enumerate(ids) if id_ != NULL_VERSION and _version_number(id_) > marker), len(ids))


def _version_number(id_: str) -> bytes:
    try:
        number = base64.b64decode(id_, altchars=b"._", validate=True)
    except (binascii.Error, ValueError):
        number = b""
    if len(number) != VERSION_ID_BYTES:
        raise InvalidArgument("Invalid version id specified", ArgumentName="version-id-marker", ArgumentValue=id_)
    return number


def uploads(bucket: Any, scope: Scope, upload_marker: str) -> list[Any]:
    """The scope's uploads in key order, the first begun of a key first: their ids grow (`numbered`)."""
    marked = bucket.multiparts.get(upload_marker)
    if upload_marker and not (marked.object.key == scope.after if marked else UPLOAD_ID.fullmatch(upload_marker)):
        raise InvalidArgument("Invalid uploadId marker", ArgumentName="upload-id-marker", ArgumentValue=upload_marker)
    after = (scope.after, upload_marker or LAST_CHARACTER)
    matching = [
        upload
        for upload in list(bucket.multiparts.values())
        if upload.object.key.startswith(scope.prefix) and (upload.object.key, upload.id) > after
    ]
    return sorted(matching, key=attrgetter("object.key", "id"))
