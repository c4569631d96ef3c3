"""Puts our S3 into LocalStack's, each part when the module that it changes is imported.

A module that is not the one a patch was written for raises TypeError, which fails the load of S3.
"""

import inspect
from secrets import token_urlsafe
from types import ModuleType
from typing import Any

from wavetank.emulator.runtime.on_import import when_imported
from wavetank.emulator.s3 import requests
from wavetank.emulator.s3.uploads import numbered

TAKEN = {
    "list_objects": ("delimiter", "encoding_type", "marker", "max_keys", "prefix"),
    "list_objects_v2": ("delimiter", "encoding_type", "max_keys", "prefix", "continuation_token", "start_after"),
    "list_object_versions": ("delimiter", "encoding_type", "key_marker", "max_keys", "prefix", "version_id_marker"),
    "list_multipart_uploads": ("delimiter", "encoding_type", "key_marker", "max_uploads", "upload_id_marker"),
    "list_parts": ("key", "upload_id", "max_parts", "part_number_marker"),
}
"""Each listing operation, and the parameters that it has to be given by."""


def install() -> None:
    """Change S3 as soon as LocalStack loads it."""
    when_imported("localstack.services.s3.models", keep_in_order)
    when_imported("localstack.services.s3.models", number_uploads)
    when_imported("localstack.services.s3.provider", list_in_pages)
    when_imported("localstack.aws.protocol.parser", requests.read_as_s3)
    when_imported("localstack.aws.handlers.service", requests.blame_the_caller)


def list_in_pages(provider: ModuleType) -> None:
    """Give the provider our listing operations."""
    from wavetank.emulator.s3 import listings

    s3 = provider.S3Provider
    for name, parameters in TAKEN.items():
        if not {"context", "bucket", *parameters} <= set(inspect.signature(getattr(s3, name)).parameters):
            raise TypeError(f"{name} of LocalStack's S3 takes other parameters than those this was written for")
    if "expected_bucket_owner" not in inspect.signature(s3._get_cross_account_bucket).parameters:
        raise TypeError("LocalStack's S3 looks for buckets in another way than this was written for")
    for name in TAKEN:
        setattr(s3, name, getattr(listings, name))


def number_uploads(models: ModuleType) -> None:
    """Give uploads ids that grow."""
    from localstack.utils.patch import Patch

    if models.token_urlsafe is not token_urlsafe:
        raise TypeError("LocalStack's ids of multipart uploads are not those this was written for")
    Patch.function(models.S3Multipart.__init__, _number).apply()


def keep_in_order(models: ModuleType) -> None:
    """Let a version that replaces the null version be the newest of its key, where LocalStack leaves it in its place.

    Amazon S3 User Guide, "Adding objects to versioning-suspended buckets".
    """
    from localstack.utils.patch import Patch

    add = models.VersionedKeyStore.set
    if list(inspect.signature(add).parameters) != ["self", "object_key", "s3_object"]:
        raise TypeError("LocalStack's store of versions is not the one this was written for")
    Patch.function(add, _set_newest).apply()


def _number(initialise: Any, self: Any, *args: Any, **details: Any) -> None:
    initialise(self, *args, **details)
    self.id = numbered(self.id)


def _set_newest(add: Any, self: Any, object_key: str, s3_object: Any) -> None:
    versions = self._store.get(object_key)
    if versions is not None:
        versions.pop(s3_object.version_id, None)
    add(self, object_key, s3_object)
