"""An S3 object as it was before it was overwritten, and the answers to those who still see it so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Older:
    """What was there: LocalStack's object, which tells its metadata, and its bytes."""

    item: Any
    data: bytes = field(repr=False)

    def answer(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to GetObject or HeadObject; raises what S3 does where the request's condition does not hold."""
        from localstack.services.s3.utils import encode_user_metadata, validate_failed_precondition

        condition: Any = request
        validate_failed_precondition(condition, self.item.last_modified, self.item.etag)
        told = {"AcceptRanges": "bytes", **self.item.get_system_metadata_fields()}
        if self.item.user_metadata:
            told["Metadata"] = encode_user_metadata(self.item.user_metadata)
        return told | ({"Body": self.data} if operation == "GetObject" else {})

    def listed(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """The object's entry in a listing, as it was."""
        return {
            **item,
            "ETag": self.item.quoted_etag,
            "Size": self.item.size,
            "LastModified": self.item.last_modified,
        }


def taken(bucket: Any, key: str) -> Older | None:
    """The object that is there now; None where there is none."""
    item = bucket.objects.get(key) if bucket is not None else None
    if item is None or not hasattr(item, "etag"):
        return None
    with storage().open(bucket.name, item, mode="r") as stored:
        return Older(item, stored.read())


def storage() -> Any:
    """Where LocalStack keeps the bytes of objects."""
    from localstack.services.plugins import SERVICE_PLUGINS

    return SERVICE_PLUGINS.get_service_container("s3").service._provider._storage_backend
