"""The registry as a warm function has it: schemas and reference data are kept from one event to the next."""

import json
from functools import cache

from botocore.exceptions import BotoCoreError, ClientError

from wavetank.pipeline import layout
from wavetank.pipeline.aws import environment
from wavetank.pipeline.aws.calls import code, registry_s3
from wavetank.pipeline.core.enrich import Snapshot
from wavetank.pipeline.core.schema import Role, Schema
from wavetank.pipeline.errors import RegistryFault
from wavetank.pipeline.schemas.registry import Registry

NO_ETAG = '"0"'
NOT_MODIFIED = ("304", "NotModified")


class RegistryBucket:
    """The registry's bucket; each call raises RegistryFault where S3 does not answer it."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._snapshots: dict[str, tuple[str, Snapshot]] = {}

    def versions(self, prefix: str) -> dict[str, str]:
        """Key → ETag of all objects under `prefix`."""
        pages = registry_s3().get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        try:
            return {entry["Key"]: entry["ETag"] for page in pages for entry in page.get("Contents", [])}
        except (ClientError, BotoCoreError) as error:
            raise RegistryFault(f"cannot list {prefix} in {self._bucket}: {error}") from error

    def find(self, key: str) -> bytes | None:
        """The bytes of one object; None where there is none."""
        try:
            return registry_s3().get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and code(error) == "NoSuchKey":
                return None
            raise RegistryFault(f"cannot read {key} in {self._bucket}: {error}") from error

    def snapshot(self, reference: str) -> Snapshot:
        """The rows of a reference snapshot by join key, as the bucket holds it now.

        A snapshot that has not changed since the last call is not transferred again.
        """
        key = layout.reference_key(reference)
        etag, rows = self._snapshots.get(reference, ("", {}))
        try:
            answer = registry_s3().get_object(Bucket=self._bucket, Key=key, IfNoneMatch=etag or NO_ETAG)
            document = answer["Body"].read()
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and code(error) in NOT_MODIFIED:
                return rows
            raise RegistryFault(f"cannot read {key} in {self._bucket}: {error}") from error
        try:
            rows = {str(join_key): dict(row) for join_key, row in json.loads(document)["rows"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RegistryFault(f'{key} in {self._bucket} is not {{"rows": {{key: row}}}}: {error}') from error
        self._snapshots[reference] = (answer["ETag"], rows)
        return rows


@cache
def store(bucket: str) -> RegistryBucket:
    """The registry's bucket."""
    return RegistryBucket(bucket)


@cache
def registry(bucket: str, event_type: str) -> Registry:
    """The schemas of an event type."""
    return Registry(store(bucket), event_type)


def newest(event_type: str) -> Schema:
    """The newest processed schema of an event type as of now, also one that was published a moment ago.

    Raises RegistryFault where the registry cannot be read.
    """
    schemas = registry(environment.text("REGISTRY_BUCKET"), event_type)
    schemas.refresh()
    return schemas.newest(Role.PROCESSED)
