"""Hot reload: what follows from changed files, done to the running stack.

- Code: the one package of all functions is built anew and given to them. Code that does not compile is shown with its
  traceback and kept away from them.
- Schemas: new versions and reference snapshots are published; an event type that came or changed is deployed.
- What describes the infrastructure is deployed by a process that loads it afresh.
"""

import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wavetank.emulator.deploy import deploy, functions, publishing
from wavetank.emulator.errors import StackError
from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline import package
from wavetank.pipeline.template.render import render

INFRASTRUCTURE = frozenset({"layout.py", "package.py", "template", "topology.py"})
"""Modules and rooms of the pipeline that say what is deployed; the process that watches has loaded them for good."""


@dataclass(frozen=True)
class Reaction:
    """What was done about changed files, or why nothing was; `text` is for a person to read."""

    text: str
    ok: bool = True


@dataclass(frozen=True)
class Place:
    """What is watched, and the functions that run it."""

    code: Path
    schemas: Path
    functions: Sequence[str]


class Reloader:
    """Brings a stack up to date with files as they change."""

    def __init__(self, stack: Stack, place: Place, redeploy: Callable[[], Reaction]) -> None:
        """`redeploy` deploys everything from a fresh process."""
        self._stack = stack
        self._place = place
        self._redeploy = redeploy
        self._broken: set[Path] = set()
        self._template = self._rendered()
        self.package = self._packed()
        """The last package that compiled."""
        self.on_code: Callable[[], None] = lambda: None
        """Called when new code serves."""

    def react(self, changed: set[Path]) -> list[Reaction]:
        """Do what follows from these changes; what cannot be done is told, and the stack stays as it was."""
        code = {path for path in changed if path.is_relative_to(self._place.code)}
        schemas = {path for path in changed if path.is_relative_to(self._place.schemas)}
        steps: list[Callable[[], Reaction]] = []
        if code:
            steps.append(lambda: self._code(code))
        if schemas:
            steps.append(self._schemas)
        return [self._attempt(step) for step in steps]

    def _attempt(self, step: Callable[[], Reaction]) -> Reaction:
        try:
            return step()
        except StackError as error:
            return Reaction(str(error), ok=False)

    def _code(self, changed: set[Path]) -> Reaction:
        errors = self._compile(changed | self._broken)
        if errors:
            return Reaction("\n".join([*errors, "The code from before still serves."]), ok=False)
        if any(path.relative_to(self._place.code).parts[0] in INFRASTRUCTURE for path in changed):
            return self._redeploy()
        began = time.monotonic()
        self.package = self._packed()
        functions.update_code(self._stack, self._place.functions, self.package)
        self.on_code()
        return Reaction(f"{_named(changed)}: new code serves after {_since(began)}")

    def _packed(self) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            return package.build_code(Path(folder), self._place.code).path.read_bytes()

    def _compile(self, paths: set[Path]) -> list[str]:
        """The tracebacks of what does not compile."""
        self._broken, errors = set(), []
        for path in sorted(paths):
            if not path.exists():
                continue
            try:
                compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
            except (SyntaxError, ValueError) as error:
                self._broken.add(path)
                errors.append("".join(traceback.format_exception_only(error)).rstrip())
        return errors

    def _schemas(self) -> Reaction:
        began = time.monotonic()
        template = self._rendered()
        if template != self._template:
            reaction = self._redeploy()
            self._template = template if reaction.ok else self._template
            return reaction
        new = publishing.publish(self._stack, deploy.plan(self._place.schemas))
        return Reaction(f"published {', '.join(new)} in {_since(began)}" if new else "schemas: nothing new")

    def _rendered(self) -> object:
        return render(deploy.plan(self._place.schemas))


def _named(paths: set[Path]) -> str:
    """One name, or how many there are."""
    return next(iter(paths)).name if len(paths) == 1 else f"{len(paths)} files"


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.2f} s"
