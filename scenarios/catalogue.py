"""The catalogue of drills: every module under `scenarios/drills/` that has a `DRILL`."""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping

from scenarios import drills
from scenarios.drill import Drill

CONTROL = "control"


class UnknownDrillError(LookupError):
    """There is no drill of that name; the message says which there are."""


def catalogue() -> Mapping[str, Drill]:
    """Every drill by name, the control first, then by name."""
    modules = (
        importlib.import_module(f"{drills.__name__}.{found.name}") for found in pkgutil.iter_modules(drills.__path__)
    )
    found = sorted((module.DRILL for module in modules), key=lambda drill: (drill.name != CONTROL, drill.name))
    return {drill.name: drill for drill in found}


def named(names: Iterable[str]) -> list[Drill]:
    """The drills of these names, each once, in the order given.

    Raises UnknownDrillError for a name that is not in the catalogue.
    """
    known = catalogue()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UnknownDrillError(f"there is no drill {', '.join(unknown)}; there are: {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)]
