"""The project that a command works on, and the folders in which stacks keep their state and what they share.

A project is a folder with a `wavetank.toml`; its schemas are in `schemas/`. State belongs to the user, whatever the
project, so that every command sees every stack:

    <home>/stacks/<port>/   one running stack: stack.json, localstack.log, root/ (LocalStack's files), tmp/
    <home>/containers/<port>  an empty file for each stack that was started in a container
    <home>/runs/, storms/   histories and reports of drills
    <cache>/                content-addressed, shared by all: unpacked layers, packages, the plugin index

`<home>` is `WAVETANK_HOME`, else `$XDG_STATE_HOME/wavetank` (`~/.local/state/wavetank`). `<cache>` is `WAVETANK_CACHE`,
else `cache` in the home that is named, else `$XDG_CACHE_HOME/wavetank` (`~/.cache/wavetank`).
Source: XDG Base Directory Specification.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wavetank.emulator.errors import DiskFull, NoProject, UnusableFile
from wavetank.emulator.runtime.system_limits import is_full
from wavetank.pipeline.layout import PROJECT_FILE

HOME_VARIABLE = "WAVETANK_HOME"
CACHE_VARIABLE = "WAVETANK_CACHE"
PROJECT_VARIABLE = "WAVETANK_PROJECT"
PORT = re.compile(r"[1-9][0-9]{0,4}")
LAST_PORT = 65535


def project_root() -> Path:
    """The project: the folder that `WAVETANK_PROJECT` names, else the nearest one from the working directory upwards.

    Raises `NoProject` where the folder that is named has no `wavetank.toml`, and where none is found.
    """
    named = os.environ.get(PROJECT_VARIABLE)
    if named:
        folder = Path(named).resolve()
        if not (folder / PROJECT_FILE).is_file():
            raise NoProject(f"{folder}, which --project or {PROJECT_VARIABLE} names, has no {PROJECT_FILE}.")
        return folder
    try:
        here = Path.cwd()
    except FileNotFoundError as error:
        raise NoProject("the working directory is there no more.") from error
    for folder in (here, *here.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
    raise NoProject(f"neither {here} nor a folder above it has a {PROJECT_FILE}.")


def project_if_any() -> Path | None:
    """As `project_root`; None where none is named and none is found."""
    try:
        return project_root()
    except NoProject:
        if os.environ.get(PROJECT_VARIABLE):
            raise
        return None


def schemas_folder() -> Path:
    """The schema folder of the project. Raises NoProject."""
    return project_root() / "schemas"


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
    """The state folder of a user, and the cache."""

    path: Path
    cache: Path

    @classmethod
    def from_environment(cls) -> "Home":
        """The home that the environment names, else the user's own. Raises `UnusableFile` for what is no folder."""
        named, cache = os.environ.get(HOME_VARIABLE), os.environ.get(CACHE_VARIABLE)
        path = Path(named).resolve() if named else _users("XDG_STATE_HOME", ".local/state", HOME_VARIABLE)
        if cache:
            home = cls(path, Path(cache).resolve())
        else:
            home = cls(path, path / "cache" if named else _users("XDG_CACHE_HOME", ".cache", CACHE_VARIABLE))
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

    def outdated(self, project: Path) -> "Home | None":
        """The home that earlier versions kept in a project, where stacks are left in it and it is not this one."""
        before = Home(project / ".wavetank", self.cache)
        return before if before.path != self.path and (before.ports() or before.container_ports()) else None

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


def _users(variable: str, usual: str, ours: str) -> Path:
    """The folder `wavetank` in a base folder of the user's; one that is named by no absolute path does not count."""
    base = os.environ.get(variable, "")
    if os.path.isabs(base):  # noqa: PTH117 - the text of a variable
        return Path(base) / "wavetank"
    try:
        return Path.home() / usual / "wavetank"
    except RuntimeError as error:
        raise UnusableFile("this user has no home folder.", f"Name a folder with {ours}.") from error
