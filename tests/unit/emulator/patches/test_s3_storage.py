"""S3's objects are kept in the stack's own folder."""

import tempfile
from types import ModuleType

import pytest

from wavetank.emulator.patches.s3_storage import keep_to_own_folder


def test_the_folder_is_among_the_processs_temporary_files() -> None:
    module = ModuleType("provider")
    vars(module)["DEFAULT_S3_TMP_DIR"] = "/elsewhere"
    keep_to_own_folder(module)
    assert vars(module)["DEFAULT_S3_TMP_DIR"].startswith(tempfile.gettempdir())


def test_a_provider_that_names_no_folder_is_an_error() -> None:
    with pytest.raises(AttributeError, match="where objects are kept"):
        keep_to_own_folder(ModuleType("provider"))
