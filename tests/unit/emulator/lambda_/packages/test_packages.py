"""Archives on disk."""

import errno
import io
import os
import stat
import tempfile
import zipfile
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.emulator.lambda_.conftest import unzipped, zipped
from wavetank.emulator.lambda_.packages.archives import BadArchive, UnsafeArchive, check, extract
from wavetank.emulator.lambda_.packages.folders import DRAFT, made_once, remove_tree
from wavetank.emulator.lambda_.packages.interpreters import Interpreter
from wavetank.emulator.lambda_.packages.packages import merged, unpacked

DIGEST = "0123456789abcdef"


def with_link(name: str, target: str) -> bytes:
    return with_links((name, target))


def with_links(*links: tuple[str, str]) -> bytes:
    """An archive with a library and these symbolic links, in this order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("lib/real.so.1", "library")
        for name, target in links:
            link = zipfile.ZipInfo(name)
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(link, target)
    return buffer.getvalue()


def test_an_archive_is_fetched_and_unpacked_once(cache: Path, interpreter: Interpreter) -> None:
    fetched = []

    def fetch(file: IO[bytes]) -> None:
        fetched.append(1)
        file.write(zipped({"module.py": "x = 1"}))

    folders = {unpacked(DIGEST, fetch, interpreter) for _ in range(3)}
    assert (len(folders), len(fetched)) == (1, 1)


def test_what_is_unpacked_is_read_only_and_has_its_bytecode(cache: Path, interpreter: Interpreter) -> None:
    folder = unzipped(zipped({"package/module.py": "x = 1", "data.txt": "text"}), interpreter)
    assert list(folder.glob("package/__pycache__/module.*.pyc"))
    everything = [folder, *folder.rglob("*")]
    assert not [path for path in everything if path.stat().st_mode & 0o222]


def test_a_module_that_does_not_compile_is_left_for_the_handler_to_fail_on(
    cache: Path, interpreter: Interpreter
) -> None:
    folder = unzipped(zipped({"broken.py": "def (", "good.py": "x = 1"}), interpreter)
    assert (folder / "broken.py").read_text() == "def ("
    assert list(folder.glob("__pycache__/good.*.pyc"))


def test_programs_stay_executable(cache: Path, interpreter: Interpreter) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        program = zipfile.ZipInfo("bin/tool")
        program.external_attr = 0o755 << 16
        archive.writestr(program, "#!/bin/sh\n")
    folder = unzipped(buffer.getvalue(), interpreter)
    assert os.access(folder / "bin/tool", os.X_OK)


@pytest.mark.parametrize("name", ["../outside.py", "/etc/outside", "a/../../outside", "..\\outside"])
def test_an_archive_that_would_write_outside_is_refused_and_leaves_nothing(
    name: str, cache: Path, interpreter: Interpreter, tmp_path: Path
) -> None:
    with pytest.raises(UnsafeArchive):
        unzipped(zipped({"good.py": "", name: "bad"}), interpreter)
    assert not list(tmp_path.rglob("outside*"))
    assert not list((cache / "packages").iterdir())


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../etc/passwd"])
def test_a_link_that_leads_outside_is_refused(target: str, cache: Path, interpreter: Interpreter) -> None:
    with pytest.raises(UnsafeArchive):
        unzipped(with_link("lib/link", target), interpreter)


def test_links_that_lead_outside_only_together_are_refused(cache: Path, interpreter: Interpreter) -> None:
    with pytest.raises(UnsafeArchive):
        unzipped(with_links(("a", "b/.."), ("b", ".")), interpreter)
    assert not list((cache / "packages").iterdir())


def test_layers_whose_links_lead_outside_only_together_are_refused(cache: Path, interpreter: Interpreter) -> None:
    layers = [
        unzipped(with_links(("a", "b/..")), interpreter),
        unzipped(with_links(("b", ".")), interpreter),
        unzipped(zipped({"a/outside": "bad"}), interpreter),
    ]
    for together in (layers[:2], layers):
        with pytest.raises(UnsafeArchive):
            merged(together)
        assert not list((cache / "layers").iterdir())


def test_a_link_within_the_archive_is_kept(cache: Path, interpreter: Interpreter) -> None:
    folder = unzipped(with_link("lib/real.so", "real.so.1"), interpreter)
    assert (folder / "lib/real.so").is_symlink()
    assert (folder / "lib/real.so").read_text() == "library"


def test_an_archive_that_cannot_be_read_leaves_nothing(cache: Path, interpreter: Interpreter) -> None:
    with pytest.raises(BadArchive, match="File is not a zip file"):
        unzipped(b"not a zip", interpreter)
    assert not list((cache / "packages").iterdir())


def with_byte(archive: bytes, offset: int, value: int) -> bytes:
    """An archive with a byte of its only member changed, in the head before it and in the list at the end."""
    changed = bytearray(archive)
    for signature, start in ((b"PK\x03\x04", 4), (b"PK\x01\x02", 6)):
        changed[archive.index(signature) + start + offset] = value
    return bytes(changed)


def damaged() -> bytes:
    """An archive whose member is not what its checksum says."""
    archive = bytearray(zipped({"handler.py": "x = 1 # some text"}))
    archive[archive.index(b"some text")] ^= 1
    return bytes(archive)


ONE = zipped({"handler.py": "x = 1"})
TOO_LONG = "is too long: a name may have 1024 bytes, and 255 between two slashes"
NEVER_UNPACKED = {
    "two thousand folders in one another": (zipped({"a/" * 2000 + "x.py": ""}), TOO_LONG),
    "a name that no file may have": (zipped({"a" * 256: ""}), TOO_LONG),
    "a file that is a folder": (zipped({"x": "", "x/y": ""}), "'x' is both a file and a folder"),
    "a folder that is a file": (zipped({"x/y": "", "x": ""}), "'x' is both a file and a folder"),
    "an empty folder that is a file": (zipped({"x/": "", "x": ""}), "'x' is both a file and a folder"),
    "a file that is a folder far below": (zipped({"x": "", "x/y/z/w": ""}), "'x' is both a file and a folder"),
    "a link that is a folder": (with_links(("x", "lib"), ("x/y", "z")), "'x' is both a file and a folder"),
    "a password": (with_byte(ONE, 2, 1), "'handler.py' is encrypted"),
    "an unknown compression": (with_byte(ONE, 4, 99), "compressed with method 99"),
    "a name that leads outside": (zipped({"../x": ""}), "'../x', which leads outside of the package"),
    "a member without a name": (zipped({"": "text"}), "'', which names no file"),
}
NOT_UNPACKED = NEVER_UNPACKED | {
    "a wrong checksum": (damaged(), "Bad CRC-32 for file 'handler.py'"),
    "half of it": (ONE[: len(ONE) // 2], "File is not a zip file"),
    "a link to a name that is too long": (with_links(("a", "b" * 5000)), "too long"),
    "a link to nowhere": (with_links(("a", "")), "link"),
}


@pytest.mark.parametrize("kind", NOT_UNPACKED)
def test_what_cannot_be_unpacked_is_told_in_one_sentence_without_a_path_of_this_machine(
    kind: str, cache: Path, interpreter: Interpreter
) -> None:
    archive, reason = NOT_UNPACKED[kind]
    with pytest.raises(BadArchive) as refusal:
        unzipped(archive, interpreter)
    assert str(refusal.value).startswith("Could not unzip uploaded file: ")
    assert str(refusal.value).endswith(". Please check your file, then try to upload again.")
    assert reason in str(refusal.value)
    assert str(cache) not in str(refusal.value)
    assert not list((cache / "packages").iterdir())


@pytest.mark.parametrize("kind", NEVER_UNPACKED)
def test_what_can_never_be_unpacked_is_seen_in_the_list_of_members(kind: str) -> None:
    archive, reason = NEVER_UNPACKED[kind]
    with pytest.raises(BadArchive) as refusal:
        check(io.BytesIO(archive))
    assert reason in str(refusal.value)


@pytest.mark.parametrize("links", [(("a", "b"), ("b", "a")), (("a", "a"),)], ids=["each other", "itself"])
def test_links_that_lead_in_a_circle_end(
    links: tuple[tuple[str, str], ...], cache: Path, interpreter: Interpreter
) -> None:
    folder = unzipped(with_links(*links), interpreter)
    assert (folder / "a").is_symlink()


PARTS = st.sampled_from(["a", "b", "é", "x" * 120])
NAMES = st.lists(PARTS, min_size=1, max_size=12).map("/".join)


@given(st.lists(NAMES, min_size=1, max_size=6, unique=True))
def test_an_archive_that_passes_the_check_can_be_unpacked(names: list[str]) -> None:
    archive = io.BytesIO(zipped(dict.fromkeys(names, "text")))
    with tempfile.TemporaryDirectory() as folder:
        try:
            check(archive)
        except BadArchive:
            with pytest.raises(BadArchive):
                extract(archive, Path(folder))
        else:
            extract(archive, Path(folder))
            files = {path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()}
            assert files == set(names)


def test_a_disk_that_is_full_is_told_without_a_path_of_this_machine(
    cache: Path, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(cache))

    monkeypatch.setattr("wavetank.emulator.lambda_.packages.archives.shutil.copyfileobj", refuse)
    with pytest.raises(OSError, match=r"^\[Errno 28\] No space left on device$"):
        unzipped(ONE, interpreter)


def test_one_layer_is_used_as_it_is(cache: Path, interpreter: Interpreter) -> None:
    layer = unzipped(zipped({"python/a.py": ""}), interpreter)
    assert merged([layer]) == layer


def test_the_order_of_layers_decides_and_leaves_them_unchanged(cache: Path, interpreter: Interpreter) -> None:
    first = unzipped(zipped({"python/both.py": "first = 1", "only": "first"}), interpreter)
    second = unzipped(zipped({"python/both.py": "second = 1"}), interpreter)
    forward, backward = merged([first, second]), merged([second, first])
    assert (forward / "python/both.py").read_text() == "second = 1"
    assert (backward / "python/both.py").read_text() == "first = 1"
    assert (forward / "only").read_text() == (first / "only").read_text() == "first"


def test_a_folder_that_another_process_made_meanwhile_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "made"

    def build(draft: Path) -> None:
        folder.mkdir()
        (folder / "by-another").touch()
        (draft / "by-us").touch()

    assert made_once(folder, build) == folder
    assert [path.name for path in folder.iterdir()] == ["by-another"]
    assert not list(tmp_path.glob(f"{DRAFT}*"))


def test_a_locked_folder_can_be_removed(cache: Path, interpreter: Interpreter) -> None:
    folder = unzipped(zipped({"deep/er/file": ""}), interpreter)
    remove_tree(folder)
    assert not folder.exists()


def test_layers_on_different_file_systems_are_merged_too(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container, where one is part of the image and the other was deployed later."""

    def refuse(_target: Path, _source: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    layers = [cache / "first", cache / "second"]
    for layer in layers:
        layer.mkdir(parents=True)
        (layer / layer.name).write_text(layer.name)
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    together = merged(layers)
    assert {path.name: path.read_text() for path in together.iterdir()} == {"first": "first", "second": "second"}
    remove_tree(together)
