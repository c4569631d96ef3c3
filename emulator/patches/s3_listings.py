"""S3 lists in pages as AWS does: the order, the bounds and the markers are those of `emulator.s3.listings`."""

from types import ModuleType

from wavetank.emulator.patches import original, replace
from wavetank.emulator.runtime.on_import import when_imported

TAKEN = {
    "list_objects": ("delimiter", "encoding_type", "marker", "max_keys", "prefix"),
    "list_objects_v2": ("delimiter", "encoding_type", "max_keys", "prefix", "continuation_token", "start_after"),
    "list_object_versions": ("delimiter", "encoding_type", "key_marker", "max_keys", "prefix", "version_id_marker"),
    "list_multipart_uploads": ("delimiter", "encoding_type", "key_marker", "max_uploads", "upload_id_marker"),
    "list_parts": ("key", "upload_id", "max_parts", "part_number_marker"),
}
"""Each listing operation, and the parameters that it has to be given by."""


def install() -> None:
    """Change the provider as soon as LocalStack loads S3."""
    when_imported("localstack.services.s3.provider", list_in_pages)


def list_in_pages(provider: ModuleType) -> None:
    """Give the provider our listing operations. Raises TypeError where its own, or its look-up of buckets, differ."""
    for name, parameters in TAKEN.items():
        original(provider, f"S3Provider.{name}", "context", "bucket", *parameters)
    original(provider, "S3Provider._get_cross_account_bucket", "expected_bucket_owner")
    from wavetank.emulator.s3 import listings

    for name in TAKEN:
        replace(provider, f"S3Provider.{name}", getattr(listings, name))
