"""The `x-amz-expiration` of an object is that of the rules and of its tags as they are: see `emulator.s3.life_cycle`.

LocalStack keeps the first that it has worked out, and takes disabled rules for enabled ones.
Source: Amazon S3 API reference, "GetObject", response header `x-amz-expiration`.
"""

from types import ModuleType

from wavetank.emulator.patches import original, replace
from wavetank.emulator.runtime.on_import import when_imported

HEADER = "S3Provider._get_expiration_header"


def install() -> None:
    """Change the provider as soon as LocalStack loads S3."""
    when_imported("localstack.services.s3.provider", tell_expirations)


def tell_expirations(provider: ModuleType) -> None:
    """Put the header in the place of LocalStack's. Raises TypeError where it is worked out otherwise."""
    original(provider, HEADER)
    from wavetank.emulator.s3.life_cycle import header

    replace(provider, HEADER, header, "lifecycle_rules", "bucket", "s3_object", "object_tags")
