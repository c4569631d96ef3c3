"""The catalogue of drills: every module under `scenarios/drills/` that has a `DRILL`."""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType

from scenarios import drills
from scenarios.drill import Drill, Tag

CONTROL = "control"
EVERYTHING = "all"


class UnknownDrillError(LookupError):
    """There is no drill of that name, or no such tag; the message says which there are."""


@cache
def catalogue() -> Mapping[str, Drill]:
    """Every drill by name, the control first, then by name."""
    modules = (
        importlib.import_module(f"{drills.__name__}.{found.name}") for found in pkgutil.iter_modules(drills.__path__)
    )
    found = sorted((module.DRILL for module in modules), key=lambda drill: (drill.name != CONTROL, drill.name))
    return MappingProxyType({drill.name: drill for drill in found})


def named(names: Iterable[str]) -> list[Drill]:
    """The drills of these names, each once, in the order given.

    Raises UnknownDrillError for a name that is not in the catalogue.
    """
    known = catalogue()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UnknownDrillError(f"there is no drill {', '.join(unknown)}; there are: {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)]


def tagged(tags: Iterable[str]) -> list[Drill]:
    """The drills that carry any of these tags, in the order of the catalogue.

    Raises UnknownDrillError for a tag that there is not.
    """
    wanted, known = set(tags), [str(tag) for tag in Tag]
    unknown = sorted(wanted - set(known))
    if unknown:
        raise UnknownDrillError(f"there is no tag {', '.join(unknown)}; there are: {', '.join(known)}")
    return [drill for drill in catalogue().values() if wanted & set(drill.tags)]


def chosen(words: Iterable[str]) -> list[Drill]:
    """The drills that are meant by names, by tags and by `all`, each once, in the order of the catalogue.

    Raises UnknownDrillError for a word that is none of these.
    """
    known, names = catalogue(), set[str]()
    for word in words:
        if word == EVERYTHING:
            names |= set(known)
        elif word in known:
            names.add(word)
        elif word in set(Tag):
            names |= {drill.name for drill in tagged([word])}
        else:
            listed = f"drills: {', '.join(known)}; tags: {', '.join(Tag)}; or {EVERYTHING}"
            raise UnknownDrillError(f"there is no drill and no tag {word}; there are {listed}")
    return [drill for name, drill in known.items() if name in names]
