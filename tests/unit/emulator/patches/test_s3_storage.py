"""S3's objects are kept in the stack's own folder."""

import tempfile
from types import ModuleType

from wavetank.emulator.patches.s3_storage import keep_to_own_folder


def test_the_folder_is_among_the_processs_temporary_files() -> None:
    module = ModuleType("provider")
    vars(module)["DEFAULT_S3_TMP_DIR"] = "/elsewhere"
    keep_to_own_folder(module)
    assert vars(module)["DEFAULT_S3_TMP_DIR"].startswith(tempfile.gettempdir())
