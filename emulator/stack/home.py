"""Folders in which stacks keep their state and what they share.

    <home>/stacks/<port>/   one running stack: stack.json, localstack.log, root/ (LocalStack's files), tmp/
    <home>/containers/<port>  an empty file for each stack that was started in a container
    <home>/cache/           content-addressed, shared by all: unpacked layers, packages, the plugin index

`<home>` is `WAVETANK_HOME`, else `.wavetank` in the project; the cache is `WAVETANK_CACHE`, else in the home.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wavetank.emulator.errors import DiskFull, UnusableFile
from wavetank.emulator.runtime.system_limits import is_full

HOME_VARIABLE = "WAVETANK_HOME"
CACHE_VARIABLE = "WAVETANK_CACHE"
PORT = re.compile(r"[1-9][0-9]{0,4}")
LAST_PORT = 65535


def project_root() -> Path:
    """The checkout this code runs from, else (where it is installed as a package) the working directory."""
    checkout = Path(__file__).resolve().parents[2]
    return checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()


@dataclass(frozen=True)
class StackFolder:
    """The files of one stack."""

    path: Path

    @property
    def record(self) -> Path:
        """Who runs: see `emulator.stack.pidfile`."""
        return self.path / "stack.json"

    @property
    def log(self) -> Path:
        """All that the stack's process wrote."""
        return self.path / "localstack.log"

    @property
    def root(self) -> Path:
        """LocalStack's own files."""
        return self.path / "root"

    @property
    def tmp(self) -> Path:
        """The temporary files of the stack and of the functions it runs."""
        return self.path / "tmp"


@dataclass(frozen=True)
class Home:
    """The state folder of a checkout."""

    path: Path
    cache: Path

    @classmethod
    def from_environment(cls) -> "Home":
        """The home that the environment names, else the project's own. Raises `UnusableFile` for what is no folder."""
        named = os.environ.get(HOME_VARIABLE)
        path = Path(named).resolve() if named else project_root() / ".wavetank"
        cache = os.environ.get(CACHE_VARIABLE)
        home = cls(path, Path(cache).resolve() if cache else path / "cache")
        for folder, variable in ((home.path, HOME_VARIABLE), (home.cache, CACHE_VARIABLE)):
            if os.path.exists(folder) and not os.path.isdir(folder):  # noqa: PTH110, PTH112 - these never raise
                raise UnusableFile(f"{folder} is not a folder.", f"Remove it, or name a folder with {variable}.")
        return home

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Raise `UnusableFile` or `DiskFull` in place of an OSError about a file of the home or the cache."""
        try:
            yield
        except OSError as error:
            unusable = self.unusable(error)
            if unusable is None:
                raise
            raise unusable from error

    def unusable(self, error: OSError) -> UnusableFile | DiskFull | None:
        """The meaning of an error about a file of the home or the cache, or a full disk; None for any other."""
        names = [name for name in (error.filename, error.filename2) if isinstance(name, str | bytes | os.PathLike)]
        paths = [Path(os.fsdecode(name)) for name in names]
        ours = [path for path in paths if path.is_relative_to(self.path) or path.is_relative_to(self.cache)]
        if is_full(error):
            return DiskFull(ours[0] if ours else self.path)
        if not ours:
            return None
        remedy = f"Put it right, or name another folder with {HOME_VARIABLE} ({CACHE_VARIABLE} for the cache)."
        return UnusableFile(f"{ours[0]} cannot be used: {error.strerror or error}.", remedy)

    def stack(self, port: int) -> StackFolder:
        """The folder of the stack on `port`, which need not exist."""
        return StackFolder(self.path / "stacks" / str(port))

    def container(self, port: int) -> Path:
        """The file whose presence means that a stack was started in a container on `port`."""
        return self.path / "containers" / str(port)

    def container_ports(self) -> list[int]:
        """The ports on which stacks were started in containers, whether they still run or not."""
        return self._named_by_ports(self.path / "containers")

    def ports(self) -> list[int]:
        """The ports that have a stack folder, running or not."""
        return self._named_by_ports(self.path / "stacks")

    def _named_by_ports(self, folder: Path) -> list[int]:
        """The ports that name something in a folder; whatever else is there is none of ours."""
        with self.explained():
            names = [item.name for item in folder.iterdir()] if os.path.isdir(folder) else []  # noqa: PTH112
        return sorted(int(name) for name in names if PORT.fullmatch(name) and int(name) <= LAST_PORT)
