"""Where stacks keep their state and what they share.

    <home>/stacks/<port>/   one running stack: stack.json, localstack.log, root/ (LocalStack's files), tmp/
    <home>/containers/<port>  an empty file for each stack that was started in a container
    <home>/cache/           content-addressed, shared by all: unpacked layers, packages, the plugin index

`<home>` is `WAVETANK_HOME`, else `.wavetank` in the project; the cache is `WAVETANK_CACHE`, else in the home.
"""

import os
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "WAVETANK_HOME"
CACHE_VARIABLE = "WAVETANK_CACHE"


def project_root() -> Path:
    """The checkout this code runs from, else (where it is installed as a package) the working directory."""
    checkout = Path(__file__).resolve().parent.parent
    return checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()


@dataclass(frozen=True)
class StackFolder:
    """The files of one stack."""

    path: Path

    @property
    def record(self) -> Path:
        """Who runs: see `emulator.record`."""
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
        """The home that the environment names, else the project's own."""
        named = os.environ.get(HOME_VARIABLE)
        path = Path(named).resolve() if named else project_root() / ".wavetank"
        cache = os.environ.get(CACHE_VARIABLE)
        return cls(path, Path(cache).resolve() if cache else path / "cache")

    def stack(self, port: int) -> StackFolder:
        """The folder of the stack on `port`, which need not exist."""
        return StackFolder(self.path / "stacks" / str(port))

    def container(self, port: int) -> Path:
        """The file whose presence means that a stack was started in a container on `port`."""
        return self.path / "containers" / str(port)

    def container_ports(self) -> list[int]:
        """The ports on which stacks were started in containers, whether they still run or not."""
        folder = self.path / "containers"
        return sorted(int(item.name) for item in folder.iterdir()) if folder.is_dir() else []

    def ports(self) -> list[int]:
        """The ports that have a stack folder, running or not."""
        folder = self.path / "stacks"
        if not folder.is_dir():
            return []
        return sorted(int(item.name) for item in folder.iterdir() if item.name.isdigit())
