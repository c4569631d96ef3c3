"""`wavetank components lock`: the packages of own code, locked and fetched, so that deploying needs no network."""

import subprocess
import sys
from pathlib import Path
from platform import machine
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from wavetank.emulator.errors import CallerError, StackError
from wavetank.scenarios.report.escaping import echo, one_line

if TYPE_CHECKING:
    from wavetank.pipeline.topology import EventType

PYTHON = "3.13"
GLIBC = range(34, 16, -1)
"""Minor versions of the C library that wheels may ask for: the Lambda runtime has 2.34 (Amazon Linux 2023)."""
LAST_LINES = 6
TIMEOUT_S = 600


class LockFailed(StackError):
    """The packages could not be had; the message is what pip said last."""


def lock(
    name: Annotated[str | None, typer.Argument(help="Only this event type; all without.", metavar="NAME")] = None,
) -> None:
    """Lock what requirements.txt of an event type asks for, and fetch the wheels.

    The lock is requirements.lock beside it, with a hash for each wheel, for Python 3.13 on Linux as this machine's
    processor has it. Wheels are kept in the cache: deploying needs no network.
    """
    from wavetank.emulator.stack.home import Home, schemas_folder
    from wavetank.pipeline import package, topology

    planned = topology.load(schemas_folder())
    events = [planned.event(name)] if name else [event for event in planned.events if event.has_packages]
    if name and not events[0].has_packages:
        raise CallerError(
            f"{name} has no requirements.txt beside an enrich.py.", "Write one, a package a line, as pip takes it."
        )
    wheels = package.wheels_beside(Home.from_environment().cache / "packages")
    for event in events:
        for line in lock_event(event, wheels):
            echo(one_line(line))
    if not events:
        echo("no event type has a requirements.txt")


def lock_event(event: "EventType", wheels: Path) -> list[str]:
    """Lock the packages of one event type and put their wheels into the folder; what is locked, a line each.

    Raises LockFailed.
    """
    from wavetank.pipeline.components.requirements import LOCK, REQUIREMENTS, text_of, wheel_of

    requirements = event.folder / REQUIREMENTS
    wheels.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=wheels) as folder:
        _download(requirements, Path(folder))
        files = sorted(Path(folder).glob("*.whl"))
        locked = [wheel_of(path) for path in files]
        for path, wheel in zip(files, locked, strict=True):
            place = wheel.path(wheels)
            place.parent.mkdir(exist_ok=True)
            path.replace(place)
    (event.folder / LOCK).write_text(text_of(requirements, locked), "utf-8")
    return [f"{event.name}: {wheel.name} {wheel.version}" for wheel in locked]


def _download(requirements: Path, folder: Path) -> None:
    """Have pip resolve requirements and fetch the wheels, dependencies included. Raises LockFailed."""
    processor = machine()
    platforms = [f"manylinux_2_{minor}_{processor}" for minor in GLIBC] + [f"manylinux2014_{processor}"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={PYTHON}", "--abi=cp313", "--abi=abi3"]
    command += ["--abi=none", *(f"--platform={platform}" for platform in platforms)]
    command += [f"--dest={folder}", f"--requirement={requirements}"]
    try:
        done = subprocess.run(  # noqa: S603 - pip, its arguments ours
            command, capture_output=True, text=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise LockFailed(f"{requirements}: pip has not ended after {TIMEOUT_S} s.") from error
    if done.returncode:
        complaint = "\n".join((done.stderr or done.stdout).strip().splitlines()[-LAST_LINES:])
        remedy = "Only wheels can be locked; a package index has to be reachable."
        raise LockFailed(f"{requirements}: its packages cannot be had:\n{complaint}", remedy)
