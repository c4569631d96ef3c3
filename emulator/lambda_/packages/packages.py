"""Deployment packages and layers on disk: unpacked once for each content, read-only."""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from wavetank.emulator.lambda_.packages.archives import UnsafeArchive, check_links, extract, is_inside
from wavetank.emulator.lambda_.packages.folders import bounded, cache_folder, lock_tree
from wavetank.emulator.lambda_.packages.interpreters import Interpreter, Runtime
from wavetank.emulator.lambda_.packages.libraries import compile_tree

Fetch = Callable[[IO[bytes]], None]
"""Writes an archive into a file; called only where the archive is not unpacked yet."""


def unpacked(digest: str, fetch: Fetch, runtime: Runtime) -> Path:
    """The folder with what the archive of this SHA-256 (hex) holds, with bytecode where `runtime` is a Python.

    Raises `BadArchive`, and whatever `fetch` raises.
    """
    folder = cache_folder("packages") / f"{digest}-{runtime.runtime}"

    def build(draft: Path) -> None:
        archive = draft.with_name(draft.name + ".zip")
        try:
            with archive.open("w+b") as file:
                fetch(file)
                file.flush()
                extract(file, draft)
        finally:
            archive.unlink(missing_ok=True)
        if isinstance(runtime, Interpreter):
            compile_tree(runtime, draft, folder)
        lock_tree(draft)

    return bounded(folder, build)


def merged(layers: Sequence[Path]) -> Path:
    """A folder that holds all layers as `/opt` does: of two files with one name, the later layer's is seen.

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
            check_links(draft)
        lock_tree(draft)

    return bounded(folder, build)


def _overlay(layer: Path, into: Path) -> None:
    """Link the files of a layer over those already there."""
    for parent, folders, names in os.walk(layer):
        here = into / Path(parent).relative_to(layer)
        if not is_inside(here, into):
            raise UnsafeArchive(str(here.relative_to(into)))
        here.mkdir(parents=True, exist_ok=True)
        links = [name for name in folders if Path(parent, name).is_symlink()]
        for name in names + links:
            source, target = Path(parent, name), here / name
            target.unlink(missing_ok=True)
            if source.is_symlink():
                target.symlink_to(source.readlink())
                continue
            try:
                target.hardlink_to(source)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                shutil.copy2(source, target)  # The two are on different file systems.
