"""The ids of S3's multipart uploads grow, so that uploads of one key are listed in the order of their beginning.

LocalStack's ids are random; `emulator.s3.contents` numbers them.
"""

from secrets import token_urlsafe
from types import ModuleType
from typing import Any

from wavetank.emulator.patches import original, wrap
from wavetank.emulator.runtime.on_import import when_imported


def install() -> None:
    """Change the uploads as soon as LocalStack loads S3."""
    when_imported("localstack.services.s3.models", number_uploads)


def number_uploads(models: ModuleType) -> None:
    """Give uploads ids that grow. Raises TypeError where ids are made otherwise than at random."""
    if original(models, "token_urlsafe") is not token_urlsafe:
        raise TypeError("LocalStack's ids of multipart uploads are not those this was written for")
    from wavetank.emulator.s3.contents import numbered

    def number(initialise: Any, upload: Any, *args: Any, **details: Any) -> None:
        initialise(upload, *args, **details)
        upload.id = numbered(upload.id)

    wrap(models, "S3Multipart.__init__", number)
