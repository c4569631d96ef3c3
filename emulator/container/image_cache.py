"""Fills the cache of an image while it is built, so that a container compiles, zips and unpacks nothing.

`python -m wavetank.emulator.container.image_cache libraries SITE_PACKAGES` makes what depends on the lock alone: layers
and runtime of the functions, LocalStack's index of AWS's models. `… code` makes the function package and the index of
plugins.

A file of a layer that is among the installed packages too is stored once: both names lead to the same bytes.
"""

import filecmp
import hashlib
import os
import shutil
import sys
from pathlib import Path
from typing import IO

from wavetank.emulator.lambda_.packages.interpreters import interpreter_for
from wavetank.emulator.lambda_.packages.libraries import runtime_folder
from wavetank.emulator.lambda_.packages.packages import merged, unpacked
from wavetank.emulator.stack.home import Home
from wavetank.pipeline import package

RUNTIME = "python{}.{}".format(*sys.version_info)
"""The runtime of functions that are run by the Python that runs this."""


def libraries(installed: Path) -> None:
    """Build the functions' layers and runtime, and make them share their files with the `installed` packages."""
    from wavetank.emulator.runtime import service_catalog

    home = Home.from_environment()
    layers = [package.build_layer(home.cache / "packages", *layer) for layer in package.LAYERS.items()]
    folders = [_unpack(layer.path) for layer in layers]
    runtime = runtime_folder(interpreter_for(RUNTIME))
    for folder in (*(folder / "python" for folder in folders), runtime):
        share(folder, installed)
    merged(folders)
    service_catalog.build(home.cache)


def code() -> None:
    """Build the function package, and the index of plugins of this very interpreter and path."""
    from wavetank.emulator.stack.environment import plugin_index

    home = Home.from_environment()
    _unpack(package.build_code(home.cache / "packages").path)
    os.environ["XDG_CACHE_HOME"] = str(plugin_index(home.cache))
    from plux.runtime.cache import EntryPointsCache  # type: ignore[import-untyped]

    EntryPointsCache().get_entry_points()


def share(folder: Path, installed: Path) -> int:
    """Make one file of each that is the same below `folder` and below `installed`; the bytes that this saves.

    It keeps the time of the installed one, by which its bytecode knows it, and the permissions of the other.
    """
    saved = 0
    for parent, folders, names in os.walk(folder):
        if "__pycache__" in folders:
            folders.remove("__pycache__")  # Bytecode names the place of its source.
        for path in (Path(parent, name) for name in names):
            twin = installed / path.relative_to(folder)
            if path.is_symlink() or not twin.is_file() or twin.samefile(path):
                continue
            if filecmp.cmp(path, twin, shallow=False):
                there = twin.stat()
                os.utime(path, ns=(there.st_atime_ns, there.st_mtime_ns))
                twin.unlink()
                twin.hardlink_to(path)
                saved += there.st_size
    return saved


def _unpack(archive: Path) -> Path:
    """The archive unpacked, where a stack that is given it will look for it."""
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()

    def fetch(into: IO[bytes]) -> None:
        with archive.open("rb") as file:
            shutil.copyfileobj(file, into)

    return unpacked(digest, fetch, interpreter_for(RUNTIME))


def main() -> None:
    """Build what the first argument names."""
    match sys.argv[1:]:
        case ["libraries", installed]:
            libraries(Path(installed))
        case ["code"]:
            code()
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
