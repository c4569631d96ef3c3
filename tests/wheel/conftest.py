"""What the tests of the wheel share: the wheel, built from this checkout, and environments that it is installed in."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from wavetank.emulator.stack.home import CACHE_VARIABLE, HOME_VARIABLE, PROJECT_VARIABLE

UV = Path(sys.executable).with_name("uv")
UNREACHABLE = (
    "Failed to fetch", "error sending request", "dns error", "Network is unreachable", "Could not connect", "offline",
    "timed out",
)  # fmt: skip
"""What uv says of an index that it cannot reach."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment with nothing but what was installed from the wheel, and a state folder of its own."""

    folder: Path
    state: Path

    @property
    def packages(self) -> Path:
        """Where packages are installed."""
        [folder] = (self.folder / "lib").glob("python3.*/site-packages")
        return folder

    def run(self, command: str, cwd: Path, timeout_s: float = 600) -> subprocess.CompletedProcess[str]:
        """Run a line of the shell as its user would, with the environment activated."""
        return subprocess.run(
            ["bash", "-c", command],
            cwd=cwd,
            env=self._variables(os.environ),
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def _variables(self, own: Mapping[str, str]) -> dict[str, str]:
        kept = {name: own[name] for name in ("HOME", "LANG", "TMPDIR") if name in own}
        path = f"{self.folder / 'bin'}{os.pathsep}{own['PATH']}"
        return kept | {"PATH": path, HOME_VARIABLE: str(self.state), CACHE_VARIABLE: str(self.state / "cache")}


def uv(*arguments: str, cwd: Path | None = None) -> str:
    """What uv printed. Skips the test where an index cannot be reached, and fails it with what uv said otherwise."""
    index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL")
    named = {"UV_DEFAULT_INDEX": index} if index else {}
    settings = {"UV_SYSTEM_CERTS": "true", "UV_PYTHON_DOWNLOADS": "never", "UV_INDEX_STRATEGY": "unsafe-best-match"}
    environment = {name: value for name, value in os.environ.items() if name != PROJECT_VARIABLE}
    done = subprocess.run(
        [UV, *arguments], cwd=cwd, env=environment | settings | named, capture_output=True, text=True, check=False
    )
    if done.returncode and any(sign in done.stderr for sign in UNREACHABLE):
        pytest.skip(f"no package index can be reached: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built from a copy, by way of the source distribution, as it would be released."""
    source = tmp_path_factory.mktemp("source") / "wavetank"
    unwanted = shutil.ignore_patterns(".git", ".venv", ".*_cache", "build", "dist", "*.egg-info", "__pycache__")
    shutil.copytree(root, source, symlinks=True, ignore=unwanted)
    uv(
        "build",
        "--quiet",
        "--python",
        sys.executable,
        "--build-constraints",
        "requirements.lock",
        "--out-dir",
        "dist",
        cwd=source,
    )
    [built] = (source / "dist").glob("*.whl")
    return built


def installed(wheel: Path, python: str, extra: str, folder: Path) -> Environment:
    """An environment of this Python with the wheel in it, and what an extra of it asks for."""
    uv("venv", "--quiet", "--python", python, str(folder / "venv"))
    interpreter = str(folder / "venv" / "bin" / "python")
    uv("pip", "install", "--quiet", "--compile-bytecode", "--python", interpreter, f"{wheel}{extra}")
    return Environment(folder / "venv", folder / "state")


@pytest.fixture(scope="session")
def base(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The wheel without extras, on the Python of a stack."""
    return installed(wheel, sys.executable, "", tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def oldest(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The wheel without extras, on the oldest Python that it is for; skips where there is none."""
    candidates = ["python3.12", *map(str, sorted(Path.home().glob(".pyenv/versions/3.12*/bin/python")))]
    usable = [candidate for candidate in candidates if shutil.which(candidate) and _is_python(candidate)]
    if not usable:
        pytest.skip("there is no Python 3.12 here")
    return installed(wheel, usable[0], "", tmp_path_factory.mktemp("oldest"))


def _is_python(command: str) -> bool:
    """Whether a command is a Python that runs, and not a stand-in for one that is not chosen."""
    return subprocess.run([command, "-c", "import venv"], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="session")
def full(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """The wheel with all that a stack needs; whatever stack is up in the end is taken down."""
    environment = installed(wheel, sys.executable, "[stack]", tmp_path_factory.mktemp("full"))
    yield environment
    environment.run("wavetank down --all", environment.folder)
