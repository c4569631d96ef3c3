"""Writes a new project into a folder, and never over a file that is there."""

import re
from dataclasses import dataclass
from importlib import metadata
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from wavetank.emulator.errors import CallerError
from wavetank.pipeline.layout import PROJECT_FILE

DOT = "dot."
"""How the names of files begin whose names begin with a dot in the project."""


@dataclass(frozen=True)
class Written:
    """The folder of a new project, the files that were written in it, and those that were there and were kept."""

    folder: Path
    name: str
    files: tuple[str, ...]
    kept: tuple[str, ...]


def write(folder: Path) -> Written:
    """Write a project into a folder, which is made where it is not there; its name is the folder's.

    Raises CallerError where the folder is a project already, where its name makes none, or where it cannot be written.
    """
    folder = folder.absolute()
    if (folder / PROJECT_FILE).exists():
        raise CallerError(f"{folder} is a project already.", "Name another folder, or work in this one: wavetank up")
    name = name_of(folder)
    filled = {"{{name}}": name, "{{module}}": name.replace("-", "_"), "{{version}}": metadata.version("wavetank")}
    written, kept = list[str](), list[str]()
    for place, source in sorted(templates().items()):
        text = source.read_text("utf-8")
        for mark, value in filled.items():
            text = text.replace(mark, value)
        path = folder / place
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
            written.append(place)
        except FileExistsError as error:
            if not path.is_file():
                raise _unusable(path, error) from error
            kept.append(place)
        except OSError as error:
            raise _unusable(path, error) from error
    return Written(folder, name, tuple(written), tuple(kept))


def name_of(folder: Path) -> str:
    """The name of the project in a folder: lower-case letters, digits and hyphens. Raises CallerError for none."""
    name = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-")
    if not re.match(r"[a-z]", name):
        raise CallerError(
            f"{folder.name!r} makes no name of a project, which is letters, digits and hyphens, from a letter.",
            "Name another folder, such as: wavetank init my-pipeline",
        )
    return name


def templates() -> dict[str, Traversable]:
    """Every file of a new project by its place in it."""
    return dict(_below(files(__package__) / "files", PurePosixPath()))


def _below(folder: Traversable, place: PurePosixPath) -> list[tuple[str, Traversable]]:
    found = list[tuple[str, Traversable]]()
    for item in folder.iterdir():
        there = place / (item.name.replace(DOT, ".", 1) if item.name.startswith(DOT) else item.name)
        if item.is_dir() and item.name != "__pycache__":
            found += _below(item, there)
        elif item.is_file():
            found.append((str(there), item))
    return found


def _unusable(path: Path, error: OSError) -> CallerError:
    return CallerError(f"{path} cannot be written: {error.strerror or error}.", "Name a folder that can be written.")
