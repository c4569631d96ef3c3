"""Keeps S3's objects among the stack's own temporary files, which end with it, and equal ones once.

LocalStack writes those too large for memory to one folder of the machine, `/tmp/localstack-s3-storage`, which every
stack shares and no stack removes, and which in a container with a read-only root is memory.
"""

import tempfile
from pathlib import Path
from types import ModuleType

from wavetank.emulator.runtime.on_import import when_imported

PROVIDER = "localstack.services.s3.provider"
FOLDER = "s3-objects"
STORE = "EphemeralS3ObjectStore"


def install() -> None:
    """Move the folder and change the store, from the moment the S3 provider is imported."""
    when_imported(PROVIDER, keep_to_own_folder)
    when_imported(PROVIDER, keep_once)


def keep_to_own_folder(module: ModuleType) -> None:
    """Give the module the folder of this process. Raises AttributeError where the module names none to replace."""
    if not hasattr(module, "DEFAULT_S3_TMP_DIR"):
        raise AttributeError(f"{module.__name__} does not say where objects are kept")
    vars(module)["DEFAULT_S3_TMP_DIR"] = str(Path(tempfile.gettempdir(), FOLDER))


def keep_once(module: ModuleType) -> None:
    """Give the module the store that keeps equal objects once. Raises AttributeError where it has none to replace."""
    from wavetank.emulator.patches.object_store import FrugalStore

    if not hasattr(module, STORE):
        raise AttributeError(f"{module.__name__} does not say what keeps its objects")
    vars(module)[STORE] = FrugalStore
