"""A version of an object that replaces the null version is the newest of its key.

LocalStack leaves it in the place of the one that it replaces.
Source: Amazon S3 User Guide, "Adding objects to versioning-suspended buckets".
"""

from types import ModuleType
from typing import Any

from wavetank.emulator.patches import wrap
from wavetank.emulator.runtime.on_import import when_imported


def install() -> None:
    """Change the store of versions as soon as LocalStack loads S3."""
    when_imported("localstack.services.s3.models", keep_in_order)


def keep_in_order(models: ModuleType) -> None:
    """Let a version that is set be the newest. Raises TypeError where versions are stored otherwise."""

    def set_newest(add: Any, store: Any, object_key: str, s3_object: Any) -> None:
        versions = store._store.get(object_key)
        if versions is not None:
            versions.pop(s3_object.version_id, None)
        add(store, object_key, s3_object)

    wrap(models, "VersionedKeyStore.set", set_newest, "object_key", "s3_object")
