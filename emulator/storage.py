"""Keeps S3's objects among the stack's own temporary files, which end with it.

LocalStack writes those too large for memory to one folder of the machine, `/tmp/localstack-s3-storage`, which every
stack shares and no stack removes, and which in a container with a read-only root is memory.
"""

import tempfile
from pathlib import Path
from types import ModuleType

from emulator.imports import when_imported

PROVIDER = "localstack.services.s3.provider"
FOLDER = "s3-objects"


def install() -> None:
    """Move the folder, from the moment the S3 provider is imported."""
    when_imported(PROVIDER, keep_to_own_folder)


def keep_to_own_folder(module: ModuleType) -> None:
    """Give the module the folder of this process. Raises AttributeError where the module names none to replace."""
    if not hasattr(module, "DEFAULT_S3_TMP_DIR"):
        raise AttributeError(f"{module.__name__} does not say where objects are kept")
    vars(module)["DEFAULT_S3_TMP_DIR"] = str(Path(tempfile.gettempdir(), FOLDER))
