"""The registry as a warm function has it: schemas are kept from one event to the next."""

from functools import cache

from botocore.exceptions import BotoCoreError, ClientError

from wavetank.pipeline.aws import environment
from wavetank.pipeline.aws.calls import code, registry_s3
from wavetank.pipeline.core.schema import Role, Schema
from wavetank.pipeline.errors import RegistryFault
from wavetank.pipeline.schemas.registry import Registry


class RegistryBucket:
    """The registry's bucket; each call raises RegistryFault where S3 does not answer it."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

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
