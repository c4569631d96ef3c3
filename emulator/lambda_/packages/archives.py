"""Deployment archives: which can be unpacked, and how, safe from hostile ones."""

import contextlib
import lzma
import os
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

LONGEST_NAME = 1024
LONGEST_PART = 255
"""Bytes of a member's name, and of a part of it, that every system takes."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
ENCRYPTED = 0x1
NO_IMAGES = "Container images cannot run here: deploy the function as a .zip package."


class BadArchive(Exception):
    """An archive that cannot be unpacked; the message begins and ends as AWS's."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Could not unzip uploaded file: {reason}. Please check your file, then try to upload again.")


class UnsafeArchive(BadArchive):
    """An archive that would write or point outside of its own folder."""

    def __init__(self, name: str) -> None:
        super().__init__(f"it holds {name!r}, which leads outside of the package")


def check(file: IO[bytes]) -> None:
    """Refuse an archive whose list of members shows that it cannot be unpacked. Raises `BadArchive`."""
    with _in_words(), zipfile.ZipFile(file) as archive:
        _check_members(archive.infolist())


def extract(file: IO[bytes], into: Path) -> None:
    """Unpack an archive into a folder. Raises `BadArchive`; OSError, without a path, where the system cannot do it."""
    with _in_words(), zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        _check_members(members)
        links = [member for member in members if _is_link(member)]
        for member in members:
            if _is_link(member):
                continue
            target = into / member.filename
            if member.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
            executable = (member.external_attr >> 16) & 0o111
            target.chmod(0o644 | executable)
        for member in links:
            _extract_link(archive, member, into)
    if links:
        check_links(into)


def check_links(folder: Path) -> None:
    """Refuse links that lead outside only by way of links that were made after them. Raises `UnsafeArchive`."""
    for parent, folders, names in os.walk(folder):
        for path in (Path(parent, name) for name in folders + names):
            if path.is_symlink() and not is_inside(path, folder):
                raise UnsafeArchive(f"{path.relative_to(folder)} -> {path.readlink()}")


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a path leads into a folder, through all links."""
    return path.resolve().is_relative_to(folder.resolve())


@contextlib.contextmanager
def _in_words() -> Iterator[None]:
    """Raise a library's errors about an archive as `BadArchive` or OSError, without a path of this machine."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror) from error
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, ValueError) as error:
        raise BadArchive(str(error).rstrip(".") or "it is damaged") from error
    except (NotImplementedError, RuntimeError) as error:
        raise BadArchive(str(error)) from error


def _check_members(members: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse names that lead outside, that are too long, or that are a file and a folder, and what is not readable."""
    files, folders = set[PurePosixPath](), set[PurePosixPath]()
    for member in members:
        name = member.filename
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
            raise UnsafeArchive(name[:LONGEST_PART])
        if not path.parts and not member.is_dir():
            raise BadArchive(f"it holds {name!r}, which names no file")
        if len(name.encode()) > LONGEST_NAME or any(len(part.encode()) > LONGEST_PART for part in path.parts):
            limits = f"a name may have {LONGEST_NAME} bytes, and {LONGEST_PART} between two slashes"
            raise BadArchive(f"{name[:40]!r}… is too long: {limits}")
        if member.flag_bits & ENCRYPTED:
            raise BadArchive(f"{name!r} is encrypted")
        if member.compress_type not in METHODS:
            raise BadArchive(f"{name!r} is compressed with method {member.compress_type}, which is not known here")
        (folders if member.is_dir() else files).add(path)
        for parent in path.parents:
            if parent in folders:
                break
            folders.add(parent)
    if both := files & folders:
        raise BadArchive(f"{min(both).as_posix()[:LONGEST_PART]!r} is both a file and a folder")


def _is_link(member: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(member.external_attr >> 16)


def _extract_link(archive: zipfile.ZipFile, member: zipfile.ZipInfo, into: Path) -> None:
    """Make a symbolic link of the archive, if what it points to is inside the archive's folder."""
    target = into / member.filename
    points_to = os.fsdecode(archive.read(member))
    if not points_to or "\0" in points_to or len(os.fsencode(points_to)) > LONGEST_NAME:
        raise BadArchive(f"{member.filename!r} is a link to a name that is too long, or to none")
    inside = all(is_inside(path, into) for path in (target.parent, target.parent / points_to))
    if PurePosixPath(points_to).is_absolute() or not inside:
        raise UnsafeArchive(f"{member.filename} -> {points_to}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    target.symlink_to(points_to)
