"""Hot reload: files that are watched, and what follows from their changes, done to the running stack.

- Code: the packages of all functions are built anew and given to them. Code that does not compile is shown with its
  traceback and kept away from them.
- Code and rules of an event type's own: its processor's package is built anew and given to it alone. So is that of a
  dumper, where what it reads has changed.
- Schemas and files of reference data: what is new is published; an event type that came or changed is deployed.
- What describes the infrastructure is deployed by a process that loads it afresh.

The files are a few dozen, and looking at them costs a fraction of a millisecond: that is cheaper than a dependency, and
works on every file system, also on mounts that report no changes.
"""

import os
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wavetank.emulator.deploy import deploy, functions, publishing
from wavetank.emulator.errors import StackError
from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline import package
from wavetank.pipeline.components.requirements import LOCK, REQUIREMENTS
from wavetank.pipeline.template.render import render
from wavetank.pipeline.topology import Topology

INFRASTRUCTURE = frozenset(
    {
        "components",
        "enrichment.py",
        "layout.py",
        "metrics.py",
        "names.py",
        "package.py",
        "reference",
        "template",
        "topology.py",
    }
)
"""Modules and rooms of the pipeline that say what is deployed; the process that watches has loaded them for good."""

LOOK_S = 0.05
SETTLE_S = 0.02
"""How long a change must have been followed by none: editors write in several steps."""

IGNORED = ("__pycache__",)

type Mark = tuple[int, int, int]
"""The state of a file: its time, size and inode."""


@dataclass
class Watch:
    """Files below these folders with one of these endings, and their state when they were last looked at."""

    folders: Sequence[Path]
    endings: tuple[str, ...]
    _seen: dict[Path, Mark] = field(init=False)

    def __post_init__(self) -> None:
        self._seen = self._look()

    def changes(self) -> set[Path]:
        """The files that came, changed or went since the last time."""
        now = self._look()
        before, self._seen = self._seen, now
        return {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}

    def wait(self) -> set[Path]:
        """Return the next changes, once they have come to rest."""
        changed: set[Path] = set()
        while not changed:
            time.sleep(LOOK_S)
            changed = self.changes()
        while True:
            time.sleep(SETTLE_S)
            more = self.changes()
            if not more:
                return changed
            changed |= more

    def _look(self) -> dict[Path, Mark]:
        states: dict[Path, Mark] = {}
        for folder in self.folders:
            for parent, folders, names in os.walk(folder):
                folders[:] = [name for name in folders if name not in IGNORED]
                for name in names:
                    if name.endswith(self.endings):
                        path = Path(parent, name)
                        try:
                            status = path.stat()
                        except FileNotFoundError:
                            continue
                        states[path] = status.st_mtime_ns, status.st_size, status.st_ino
        return states


@dataclass(frozen=True)
class Reaction:
    """An answer to changed files: `text` tells a person what was done, or why nothing was."""

    text: str
    ok: bool = True


@dataclass(frozen=True)
class Place:
    """The folders that are watched, and the functions that run their code."""

    code: Path
    schemas: Path
    functions: Sequence[str]

    @property
    def planned(self) -> Topology:
        """The topology of the schema folder. Raises DeployFailed."""
        return deploy.plan(self.schemas)


class Reloader:
    """Brings a stack up to date with files as they change."""

    def __init__(self, stack: Stack, place: Place, redeploy: Callable[[], Reaction]) -> None:
        """`redeploy` deploys everything from a fresh process."""
        self._stack = stack
        self._place = place
        self._redeploy = redeploy
        self._broken: set[Path] = set()
        self._template = self._rendered()
        self.packages: Mapping[str, bytes] = self._packed()
        """The last packages that compiled, by function."""
        self.on_code: Callable[[], None] = lambda: None
        """Called when new code serves."""

    def react(self, changed: set[Path]) -> list[Reaction]:
        """Do what follows from these changes; what cannot be done is told, and the stack stays as it was."""
        code = {path for path in changed if path.is_relative_to(self._place.code)}
        schemas = {path for path in changed if path.is_relative_to(self._place.schemas)}
        steps: list[Callable[[], Reaction]] = []
        if code:
            steps.append(lambda: self._code(code))
        if any(path.name in (REQUIREMENTS, LOCK) for path in schemas):
            steps.append(self._redeploy)
        elif schemas:
            steps.append(self._schemas)
        reactions = []
        for step in steps:
            try:
                reactions.append(step())
            except StackError as error:
                reactions.append(Reaction(str(error), ok=False))
        return reactions

    def _code(self, changed: set[Path]) -> Reaction:
        paths, errors = sorted(changed | self._broken), []
        self._broken = set()
        for path in paths:
            if not path.exists():
                continue
            try:
                compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
            except (SyntaxError, ValueError) as error:
                self._broken.add(path)
                errors.append("".join(traceback.format_exception_only(error)).rstrip())
        if errors:
            return Reaction("\n".join([*errors, "The code from before still serves."]), ok=False)
        if any(path.relative_to(self._place.code).parts[0] in INFRASTRUCTURE for path in changed):
            return self._redeploy()
        began = time.monotonic()
        self._serve(self._packed())
        self.on_code()
        name = next(iter(changed)).name if len(changed) == 1 else f"{len(changed)} files"
        return Reaction(f"{name}: new code serves after {_since(began)}")

    def _serve(self, packages: Mapping[str, bytes]) -> list[str]:
        """Give the functions those of the packages that are new to them; the functions."""
        new = {name: archive for name, archive in packages.items() if self.packages.get(name) != archive}
        self.packages = packages
        functions.update_code(self._stack, {name: new[name] for name in self._place.functions if name in new})
        return list(new)

    def _packed(self) -> dict[str, bytes]:
        """The package of each function as the files are now. Raises DeployFailed."""
        planned, code = self._place.planned, self._place.code
        with tempfile.TemporaryDirectory() as folder, deploy.explained():
            packages = package.packages(Path(folder), planned, code)
            usual = package.build_code(Path(folder), code).path.read_bytes()
            own = {name: artifact.path.read_bytes() for name, artifact in packages.items()}
        return dict.fromkeys(self._place.functions, usual) | own

    def _schemas(self) -> Reaction:
        began = time.monotonic()
        template = self._rendered()
        if template != self._template:
            reaction = self._redeploy()
            self._template = template if reaction.ok else self._template
            return reaction
        done = publishing.publish(self._stack, self._place.planned)
        serving = self._serve(self._packed())
        lines = [f"published {', '.join(done.keys)} in {_since(began)}"] if done.keys else []
        lines += map(str, done.references)
        lines += [f"{', '.join(serving)}: new code and rules serve after {_since(began)}"] if serving else []
        return Reaction(
            "\n".join([*(lines or ["schemas: nothing new"]), *(f"warning: {text}" for text in done.warnings)])
        )

    def _rendered(self) -> object:
        return render(self._place.planned)


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.2f} s"
