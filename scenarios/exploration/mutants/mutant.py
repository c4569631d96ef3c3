"""Mutants: known-bad changes to the pipeline, each of which some drill has to catch.

A mutant is a file `scenarios/mutants/<name>.toml`: what is wrong, the file below `pipeline/`, the old text, which is
there exactly once, and the new one, and the drills that are tried first; where no drill can notice, the `races`. It is
applied to a copy, not to the checkout.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from wavetank.scenarios.exploration.mutants.build import UnusableMutantError

FOLDER = Path(__file__).parents[2] / "mutants"
_FIELDS = frozenset({"what", "file", "old", "new", "drills"})
_MAY = frozenset({"races"})


@dataclass(frozen=True)
class Mutant:
    """A change for the worse, and the drills that are likely to notice.

    races: pairs of actors whose races notice, each as `wavetank races` takes it: who is stopped, who runs meanwhile.
    """

    name: str
    what: str
    file: str
    old: str
    new: str
    drills: tuple[str, ...]
    races: tuple[str, ...] = ()

    def applied_to(self, source: str) -> str:
        """The text of the file with the change. Raises UnusableMutantError unless the old text is there once."""
        times = source.count(self.old)
        if times != 1:
            occurrence = "no longer in" if times == 0 else f"{times} times in"
            raise UnusableMutantError(
                f"mutant {self.name}: its old text is {occurrence} pipeline/{self.file}; renew the mutant"
            )
        return source.replace(self.old, self.new)


def load(path: Path) -> Mutant:
    """The mutant in a file. Raises UnusableMutantError, OSError."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise UnusableMutantError(f"{path.name}: not TOML: {error}") from error
    if set(document) - _MAY != _FIELDS:
        raise UnusableMutantError(
            f"{path.name}: a mutant has {', '.join(sorted(_FIELDS))}, and may have {', '.join(_MAY)}; "
            f"got {', '.join(sorted(document))}"
        )
    several = {name: tuple(document.get(name, ())) for name in ("drills", "races")}
    return Mutant(name=path.stem, **{**document, **several})


def known(folder: Path = FOLDER) -> dict[str, Mutant]:
    """Every mutant by name. Raises UnusableMutantError."""
    return {path.stem: load(path) for path in sorted(folder.glob("*.toml"))}


def named(names: Iterable[str], folder: Path = FOLDER) -> list[Mutant]:
    """The mutants of these names, or all where none is given. Raises UnusableMutantError for an unknown one."""
    mutants = known(folder)
    chosen = list(names) or list(mutants)
    strangers = [name for name in chosen if name not in mutants]
    if strangers:
        raise UnusableMutantError(f"there is no mutant {', '.join(strangers)}; there are: {', '.join(mutants)}")
    return [mutants[name] for name in chosen]
