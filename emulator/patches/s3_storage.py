"""S3's objects are kept among the stack's own temporary files, which end with it, and equal ones once.

LocalStack writes those too large for memory to one folder of the machine, `/tmp/localstack-s3-storage`, which every
stack shares and no stack removes, and which in a container with a read-only root is memory.
"""

import tempfile
from pathlib import Path
from types import ModuleType

from wavetank.emulator.patches import original, replace
from wavetank.emulator.runtime.on_import import when_imported

FOLDER = "s3-objects"


def install() -> None:
    """Move the folder and change the store, from the moment the S3 provider is imported."""
    when_imported("localstack.services.s3.provider", keep_to_own_folder)
    when_imported("localstack.services.s3.provider", keep_once)


def keep_to_own_folder(module: ModuleType) -> None:
    """Give the module the folder of this process. Raises TypeError where the module names none to replace."""
    replace(module, "DEFAULT_S3_TMP_DIR", str(Path(tempfile.gettempdir(), FOLDER)))


def keep_once(module: ModuleType) -> None:
    """Give the module the store that keeps equal objects once. Raises TypeError where ours is no kind of its own."""
    original(module, "EphemeralS3ObjectStore")
    from wavetank.emulator.s3.object_store import FrugalStore

    if module.EphemeralS3ObjectStore not in FrugalStore.__bases__:
        raise TypeError(f"{module.__name__} does not keep objects in the store that this was written for")
    replace(module, "EphemeralS3ObjectStore", FrugalStore)
