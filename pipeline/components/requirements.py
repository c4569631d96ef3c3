"""Packages of an event type's own code: `requirements.txt` beside enrich.py, and the lock that names their wheels.

`requirements.lock` has a line for each wheel, dependencies included, and is written by `wavetank components lock`:

    # requirements.txt: <SHA-256 of that file>
    phonenumbers==9.0.1 --hash=sha256:<of the wheel>  # phonenumbers-9.0.1-py2.py3-none-any.whl: phonenumbers

Behind the hash stand the wheel's file and the names that it lets be imported. Wheels are kept by their hash in a folder
of the cache: `<SHA-256>/<file>`. Source: PEP 427, "File Format"; pip documentation, "Secure installs".
"""

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from platform import machine

from wavetank.pipeline.errors import ConfigurationError

REQUIREMENTS, LOCK = "requirements.txt", "requirements.lock"
_HEAD = re.compile(r"# requirements\.txt: (?P<digest>[0-9a-f]{64})")
_LINE = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+) --hash=sha256:(?P<digest>[0-9a-f]{64})"
    r"  # (?P<file>[^:/\s]+\.whl): (?P<imports>.*)"
)
_SCHEMES = ("purelib", "platlib")


@dataclass(frozen=True, slots=True)
class Wheel:
    """A locked wheel: its distribution, the SHA-256 (hex) of its file, and the names that it lets be imported."""

    name: str
    version: str
    digest: str
    file: str
    imports: tuple[str, ...]

    @property
    def line(self) -> str:
        """Its line in a lock."""
        return f"{self.name}=={self.version} --hash=sha256:{self.digest}  # {self.file}: {', '.join(self.imports)}"

    def path(self, wheels: Path) -> Path:
        """Its file in the folder of wheels."""
        return wheels / self.digest / self.file


def locked(folder: Path) -> tuple[Wheel, ...]:
    """The wheels that the event type of a folder has locked; none where it has no requirements.

    Raises ConfigurationError where they are not locked as they are, or are for another kind of machine.
    """
    requirements, lock = folder / REQUIREMENTS, folder / LOCK
    if not requirements.is_file():
        return ()
    remedy = f"run `wavetank components lock {folder.name}`"
    if not lock.is_file():
        raise ConfigurationError(f"{requirements}: is not locked; {remedy}")
    head, *lines = lock.read_text("utf-8").splitlines() or [""]
    match = _HEAD.fullmatch(head)
    if match is None or match["digest"] != digest_of(requirements):
        raise ConfigurationError(f"{lock}: is not the lock of {REQUIREMENTS} as it is; {remedy}")
    wheels = []
    for number, line in enumerate(lines, 2):
        entry = _LINE.fullmatch(line)
        if entry is None:
            raise ConfigurationError(f"{lock}, line {number}: is no locked wheel; {remedy}")
        imports = tuple(filter(None, entry["imports"].split(", ")))
        wheel = Wheel(entry["name"], entry["version"], entry["digest"], entry["file"], imports)
        tag = wheel.file.removesuffix(".whl").rpartition("-")[2]
        if tag != "any" and machine() not in tag:
            raise ConfigurationError(f"{lock}: {wheel.file} is not for this machine, {machine()}; {remedy} here")
        wheels.append(wheel)
    return tuple(wheels)


def text_of(requirements: Path, wheels: Sequence[Wheel]) -> str:
    """The lock of requirements with these wheels."""
    lines = sorted((wheel.line for wheel in wheels), key=str.lower)
    return "\n".join([f"# requirements.txt: {digest_of(requirements)}", *lines]) + "\n"


def wheel_of(path: Path) -> Wheel:
    """The wheel in a file."""
    name, version = path.name.split("-")[:2]
    tops = {PurePosixPath(member).parts[0] for member in members(path)}
    imports = {top.partition(".")[0] for top in tops if not top.endswith((".dist-info", ".libs"))}
    return Wheel(name, version, sha256(path.read_bytes()).hexdigest(), path.name, tuple(sorted(imports)))


def members(path: Path) -> Mapping[str, str]:
    """The files of a wheel as they are installed, each with its name in the wheel; scripts and headers are left out."""
    with zipfile.ZipFile(path) as archive:
        return dict(_members(archive.namelist()))


def _members(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        top, _, rest = name.partition("/")
        if name.endswith("/"):
            continue
        if not top.endswith(".data"):
            yield name, name
        elif rest.partition("/")[0] in _SCHEMES:
            yield rest.partition("/")[2], name


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    return sha256(path.read_bytes()).hexdigest()
