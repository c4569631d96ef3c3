"""Deployment packages and layers on disk: unpacked once for each content, read-only, safe from hostile archives."""

import errno
import hashlib
import os
import shutil
import stat
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from emulator.lambda_.interpreters import Interpreter, Runtime
from emulator.lambda_.libraries import compile_tree
from emulator.lambda_.storage import cache_folder, lock_tree, made_once

Fetch = Callable[[IO[bytes]], None]
"""Writes an archive into a file; called only where the archive is not unpacked yet."""


class UnsafeArchive(Exception):
    """An archive that would write or point outside of its own folder."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The archive holds {name!r}, which leads outside of the package; it is not unpacked.")


def unpacked(digest: str, fetch: Fetch, runtime: Runtime) -> Path:
    """The folder with what the archive of this SHA-256 (hex) holds, with bytecode where `runtime` is a Python.

    Raises `UnsafeArchive`, `zipfile.BadZipFile`, and whatever `fetch` raises.
    """
    folder = cache_folder("packages") / f"{digest}-{runtime.runtime}"

    def build(draft: Path) -> None:
        archive = draft.with_name(draft.name + ".zip")
        try:
            with archive.open("w+b") as file:
                fetch(file)
                file.flush()
                _extract(file, draft)
        finally:
            archive.unlink(missing_ok=True)
        if isinstance(runtime, Interpreter):
            compile_tree(runtime, draft, folder)
        lock_tree(draft)

    return made_once(folder, build)


def merged(layers: Sequence[Path]) -> Path:
    """One folder that holds all layers as `/opt` does: of two files with one name, the later layer's is seen.

    Raises `UnsafeArchive` where links of several layers lead outside together.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html
    """
    if len(layers) == 1:
        return layers[0]
    key = hashlib.sha256("\n".join(layer.name for layer in layers).encode()).hexdigest()
    folder = cache_folder("layers") / key

    def build(draft: Path) -> None:
        for layer in layers:
            _overlay(layer, draft)
            _check_links(draft)
        lock_tree(draft)

    return made_once(folder, build)


def _extract(file: IO[bytes], into: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        for member in members:
            _check_name(member.filename)
        links = [member for member in members if _is_link(member)]
        for member in members:
            if not _is_link(member):
                _extract_file(archive, member, into)
        for member in links:
            _extract_link(archive, member, into)
    if links:
        _check_links(into)


def _check_name(name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise UnsafeArchive(name)


def _is_link(member: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(member.external_attr >> 16)


def _extract_file(archive: zipfile.ZipFile, member: zipfile.ZipInfo, into: Path) -> None:
    target = into / member.filename
    if member.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as source, target.open("wb") as sink:
        shutil.copyfileobj(source, sink)
    executable = (member.external_attr >> 16) & 0o111
    target.chmod(0o644 | executable)


def _extract_link(archive: zipfile.ZipFile, member: zipfile.ZipInfo, into: Path) -> None:
    """Make a symbolic link of the archive, if what it points to is inside the archive's folder."""
    target = into / member.filename
    points_to = os.fsdecode(archive.read(member))
    inside = all(_is_inside(path, into) for path in (target.parent, target.parent / points_to))
    if PurePosixPath(points_to).is_absolute() or not inside:
        raise UnsafeArchive(f"{member.filename} -> {points_to}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    target.symlink_to(points_to)


def _check_links(folder: Path) -> None:
    """Refuse links that lead outside only by way of links that were made after them. Raises `UnsafeArchive`."""
    for parent, folders, names in os.walk(folder):
        for path in (Path(parent, name) for name in folders + names):
            if path.is_symlink() and not _is_inside(path, folder):
                raise UnsafeArchive(f"{path.relative_to(folder)} -> {path.readlink()}")


def _is_inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _overlay(layer: Path, into: Path) -> None:
    """Link the files of a layer over those already there."""
    for parent, folders, names in os.walk(layer):
        here = into / Path(parent).relative_to(layer)
        if not _is_inside(here, into):
            raise UnsafeArchive(str(here.relative_to(into)))
        here.mkdir(parents=True, exist_ok=True)
        links = [name for name in folders if Path(parent, name).is_symlink()]
        for name in names + links:
            source, target = Path(parent, name), here / name
            target.unlink(missing_ok=True)
            if source.is_symlink():
                target.symlink_to(source.readlink())
            else:
                _link(source, target)


def _link(source: Path, target: Path) -> None:
    """The same file under another name; a copy where the two are on different file systems."""
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.copy2(source, target)
