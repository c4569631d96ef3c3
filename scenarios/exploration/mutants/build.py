"""Builds of a pipeline with a change: the package of its functions, its templates, and a checkout for its back-fill.

The change is made in a copy; the checkout is not touched.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import wavetank
from wavetank.emulator.deploy.deploy import Templates, plan
from wavetank.emulator.errors import DeployFailed
from wavetank.pipeline import package
from wavetank.pipeline.template.render import render
from wavetank.pipeline.topology import Topology
from wavetank.scenarios.run.event_types import ad_stream_schemas
from wavetank.scenarios.site.checkout import modules, rendered

PIPELINE = package.CODE


class UnusableMutantError(ValueError):
    """A mutant that is none, or that does not fit the pipeline any more; the message says what to change."""


class UndeployableError(Exception):
    """A changed pipeline that cannot be deployed; the message says why."""


class Change(Protocol):
    """A change to one file of the pipeline."""

    @property
    def name(self) -> str:
        """The name by which it is told."""
        ...

    @property
    def what(self) -> str:
        """The mistake, in a sentence."""
        ...

    @property
    def drills(self) -> tuple[str, ...]:
        """The drills that are likely to notice."""
        ...

    @property
    def races(self) -> tuple[str, ...]:
        """The races that notice where no drill can, as `wavetank races` takes them."""
        ...

    @property
    def file(self) -> str:
        """The file, below `pipeline/`."""
        ...

    def applied_to(self, source: str) -> str:
        """The text of the file with the change. Raises UnusableMutantError where it does not fit."""
        ...


@dataclass(frozen=True)
class Build:
    """A build: where its code is, and its templates; None where those are the same."""

    checkout: Path
    templates: Templates | None


@contextmanager
def built(change: Change, root: Path = PIPELINE) -> Iterator[Build]:
    """The build of the pipeline in `root` with a change, there for as long as the block lasts.

    Raises UnusableMutantError where the change does not apply, or what comes of it is no Python, and UndeployableError.
    """
    with TemporaryDirectory(prefix="wavetank-mutant-") as folder:
        checkout = Path(folder)
        copy = modules(checkout)
        shutil.copytree(root, copy, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy2(Path(wavetank.__file__), checkout / "wavetank")
        (checkout / "schemas").symlink_to(ad_stream_schemas())
        _make(change, copy / change.file)
        try:
            templates = rendered(checkout, checkout / "schemas")
        except DeployFailed as error:
            raise UndeployableError(str(error)) from error
        yield Build(checkout, None if templates == render(plan(ad_stream_schemas())) else templates)


def archives(planned: Topology, root: Path = PIPELINE) -> dict[str, bytes]:
    """The package of each function, by its name, of the pipeline in `root`."""
    with TemporaryDirectory(prefix="wavetank-package-") as folder:
        return {name: each.path.read_bytes() for name, each in package.packages(Path(folder), planned, root).items()}


def _make(change: Change, file: Path) -> None:
    if not file.is_file():
        gone = f"there is no pipeline/{change.file} any more; renew the mutant"
        raise UnusableMutantError(f"mutant {change.name}: {gone}")
    text = change.applied_to(file.read_text("utf-8"))
    try:
        compile(text, change.file, "exec", dont_inherit=True)
    except SyntaxError as error:
        complaint = f"what comes of it does not compile: {error}"
        raise UnusableMutantError(f"mutant {change.name}: {complaint}") from error
    file.write_text(text, "utf-8")
