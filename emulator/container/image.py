"""The image of the emulator: built from the checkout where it is not up to date with it."""

import hashlib
import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from wavetank.emulator.container.engine import DISK, explained
from wavetank.emulator.errors import ImageFailed, OutOfDisk
from wavetank.emulator.stack.home import project_root

if TYPE_CHECKING:
    from docker import DockerClient

IMAGE = "wavetank-emulator"
SOURCES = "wavetank.sources"
"""Image label: the digest of what the image was built from."""

FILES = ("pyproject.toml", "requirements.lock", "LICENSE", "emulator/Dockerfile", ".dockerignore")
FOLDERS = ("schemas", "wavetank", "pipeline", "emulator", "scenarios")
TAIL_LINES = 20
_BUILDING = threading.Lock()
"""Of several stacks that start at a time one builds the image for all."""


def up_to_date(client: "DockerClient", root: Path | None = None) -> str:
    """The name of the image of this checkout's code, built now where it is missing or of other code.

    Away from a checkout, an image of that name that is there is taken as it is. Raises `ImageFailed`, `OutOfDisk`.
    """
    root = root or project_root()
    dockerfile = root / "emulator" / "Dockerfile"
    if not dockerfile.is_file():
        if _labels(client) is None:
            raise ImageFailed(f"there is no image {IMAGE}, and no checkout to build it from.")
        return IMAGE
    digest = sources_digest(root)
    with _BUILDING:
        labels = _labels(client)
        if labels is not None and labels.get(SOURCES) == digest:
            return IMAGE
        # With the command: BuildKit, which keeps what has not changed, is not to be had through the SDK.
        docker = shutil.which("docker")
        if docker is None:
            raise ImageFailed("it has to be built, and there is no `docker` command to build it with.")
        command = [docker, "build", "-f", "emulator/Dockerfile", "-t", IMAGE, "--label", f"{SOURCES}={digest}", "."]
        environment = os.environ | {"DOCKER_BUILDKIT": "1"}
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            tail = "\n".join((done.stdout + done.stderr).splitlines()[-TAIL_LINES:])
            raise OutOfDisk if any(words in tail for words in DISK) else ImageFailed(tail)
    return IMAGE


def sources_digest(root: Path) -> str:
    """Changes with every file that goes into the image, and with no other."""
    total = hashlib.sha256()
    sources = [root / name for name in FILES if (root / name).is_file()]
    for folder in FOLDERS:
        files = (path for path in (root / folder).rglob("*") if path.is_file())
        sources += [path for path in files if "__pycache__" not in path.parts and path.name != "Dockerfile"]
    for path in sorted(sources):
        total.update(f"\0{path.relative_to(root)}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()[:32]


def _labels(client: "DockerClient") -> dict[str, str] | None:
    """The labels of the image; None where there is no such image."""
    from docker.errors import ImageNotFound

    with explained():
        try:
            return dict(client.images.get(IMAGE).labels)
        except ImageNotFound:
            return None
