"""The image of the emulator: built from the distribution that is installed, where it is not up to date with it.

The build context is a folder in the shape of a checkout, made of the installed package, whether that is a checkout's or
a wheel's: its Dockerfile, the locks that pin what it is built with, the code, and a project file with its entry points.
"""

import hashlib
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import wavetank
from wavetank.emulator.container.engine import DISK, explained
from wavetank.emulator.errors import ImageFailed, OutOfDisk

if TYPE_CHECKING:
    from docker import DockerClient

IMAGE = "wavetank-emulator"
BASE_VARIABLE = "BASE_IMAGE"
"""The variable that names another base image, here as for compose."""
SOURCES = "wavetank.sources"
"""Image label: the digest of what the image was built from."""

PACKAGES = ("pipeline", "emulator", "scenarios")
AD_STREAM = "scenarios/workload/ad_stream"
"""The schemas of the ad stream, to which a checkout has a link: they are in `schemas/`."""
TAIL_LINES = 20
_BUILDING = threading.Lock()
"""Of several stacks that start at a time one builds the image for all."""


def up_to_date(client: "DockerClient") -> str:
    """The name of the image of this code, built now where it is missing or of other code.

    Raises `ImageFailed`, `OutOfDisk`.
    """
    with _BUILDING, build_context() as root:
        digest = sources_digest(root)
        labels = _labels(client)
        if labels is not None and labels.get(SOURCES) == digest:
            return IMAGE
        # With the command: BuildKit, which keeps what has not changed, is not to be had through the SDK.
        docker = shutil.which("docker")
        if docker is None:
            raise ImageFailed("it has to be built, and there is no `docker` command to build it with.")
        command = [docker, "build", "-f", "emulator/Dockerfile", "-t", IMAGE, "--label", f"{SOURCES}={digest}"]
        base = os.environ.get(BASE_VARIABLE)
        command += ["--build-arg", f"{BASE_VARIABLE}={base}", "."] if base else ["."]
        environment = os.environ | {"DOCKER_BUILDKIT": "1"}
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            tail = "\n".join((done.stdout + done.stderr).splitlines()[-TAIL_LINES:])
            raise OutOfDisk if any(words in tail for words in DISK) else ImageFailed(tail)
    return IMAGE


@contextmanager
def build_context() -> Iterator[Path]:
    """A folder to build the image from, there for as long as the block lasts."""
    with TemporaryDirectory(prefix="wavetank-image-") as folder:
        root = Path(folder)
        write_context(root)
        yield root


def write_context(root: Path) -> None:
    """Write what the image is built from into a folder: the same files for the same code, installed in any way."""
    installed = Path(str(wavetank.__file__)).parent
    unwanted = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in PACKAGES:
        shutil.copytree(installed / name, root / name, ignore=unwanted)
    (root / AD_STREAM).rename(root / "schemas")
    (root / AD_STREAM).symlink_to(Path(*[".."] * AD_STREAM.count("/"), "schemas"))
    (root / "wavetank").mkdir()
    for name in PACKAGES:
        (root / "wavetank" / name).symlink_to(Path("..", name))
    for name in ("__init__.py", "py.typed"):
        shutil.copy2(installed / name, root / "wavetank" / name)
    (root / "pyproject.toml").write_text(_project_file(metadata.distribution("wavetank")), "utf-8")
    # Anything else that a build would send along is nobody's business.
    (root / ".dockerignore").write_text("**/__pycache__\n**/*.pyc\n", "utf-8")


def sources_digest(root: Path) -> str:
    """Changes with every file that goes into the image, and with no other."""
    total = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        total.update(f"\0{path.relative_to(root)}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()[:32]


def _project_file(installed: metadata.Distribution) -> str:
    """A project file with the name, the version and the entry points of a distribution: what is installed of it."""
    lines = ["[build-system]", 'requires = ["setuptools"]', 'build-backend = "setuptools.build_meta"', ""]
    lines += ["[project]", 'name = "wavetank"', f"version = {json.dumps(installed.version)}", ""]
    for group in sorted({point.group for point in installed.entry_points}):
        scripts = group == "console_scripts"
        lines.append("[project.scripts]" if scripts else f"[project.entry-points.{json.dumps(group)}]")
        points = sorted(installed.entry_points.select(group=group))
        lines += [f"{json.dumps(point.name)} = {json.dumps(point.value)}" for point in points] + [""]
    return "\n".join([*lines, "[tool.setuptools.packages.find]", 'include = ["wavetank*"]', ""])


def _labels(client: "DockerClient") -> dict[str, str] | None:
    """The labels of the image; None where there is no such image."""
    from docker.errors import ImageNotFound

    with explained():
        try:
            return dict(client.images.get(IMAGE).labels)
        except ImageNotFound:
            return None
