"""The catalogue of drills: every other module of this folder has a `DRILL`."""

import importlib
import pkgutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from wavetank.scenarios import drills
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.nemesis import Nemesis

CONTROL = "control"
EVERYTHING = "all"


class UnknownDrillError(LookupError):
    """There is no drill of that name, or no such tag; the message says which there are."""


@cache
def catalogue() -> Mapping[str, Drill]:
    """Every drill by name, the control first, then by name."""
    names = {f"{drills.__name__}.{module.name}" for module in pkgutil.iter_modules(drills.__path__)} - {__name__}
    entries = [importlib.import_module(name).DRILL for name in names]
    return MappingProxyType(
        {drill.name: drill for drill in sorted(entries, key=lambda drill: (drill.name != CONTROL, drill.name))}
    )


def named(names: Iterable[str]) -> list[Drill]:
    """The drills of these names, each once, in the order given.

    Raises UnknownDrillError for a name that is not in the catalogue.
    """
    drills = catalogue()
    unknown = [name for name in names if name not in drills]
    if unknown:
        raise UnknownDrillError(f"there is no drill {', '.join(unknown)}; there are: {', '.join(drills)}")
    return [drills[name] for name in dict.fromkeys(names)]


def tagged(tags: Iterable[str]) -> list[Drill]:
    """The drills that carry any of these tags, in the order of the catalogue.

    Raises UnknownDrillError for a tag that there is not.
    """
    chosen = set(tags)
    unknown = sorted(chosen - set(Tag))
    if unknown:
        raise UnknownDrillError(f"there is no tag {', '.join(unknown)}; there are: {', '.join(Tag)}")
    return [drill for drill in catalogue().values() if chosen & set(drill.tags)]


def chosen(words: Iterable[str]) -> list[Drill]:
    """The drills that are meant by names, by tags and by `all`, each once, in the order of the catalogue.

    Raises UnknownDrillError for a word that is none of these.
    """
    drills, names = catalogue(), set[str]()
    for word in words:
        if word == EVERYTHING:
            names |= set(drills)
        elif word in drills:
            names.add(word)
        elif word in set(Tag):
            names |= {drill.name for drill in tagged([word])}
        else:
            listed = f"drills: {', '.join(drills)}; tags: {', '.join(Tag)}; or {EVERYTHING}"
            raise UnknownDrillError(f"there is no drill and no tag {word}; there are {listed}")
    return [drill for name, drill in drills.items() if name in names]


def document(drills: Iterable[Drill]) -> dict[str, Any]:
    """The drills as plain data."""
    return {
        "drills": [
            {
                "name": drill.name,
                "hypothesis": drill.hypothesis,
                "tags": [str(tag) for tag in drill.tags],
                "faults": [
                    {"id": nemesis.id, "point": nemesis.point, "action": str(nemesis.action)}
                    if isinstance(nemesis, Fault)
                    else {"id": nemesis.id, "point": None, "action": None}
                    for nemesis in drill.nemeses
                ],
            }
            for drill in drills
        ]
    }


def lines(drills: Iterable[Drill]) -> Iterator[str]:
    """The drills for a person to read: three lines each, as far as there is something to say."""
    for drill in drills:
        yield f"{drill.name:<24} {', '.join(drill.tags)}".rstrip()
        yield f"    {drill.hypothesis}"
        if drill.nemeses:
            yield f"    {'; '.join(map(told, drill.nemeses))}"


def alarm_table(drills: Iterable[Drill]) -> str:
    """What goes wrong in drills, and the alarms that ring for it, as a table in Markdown; a page is in bold."""
    rows = ["| what goes wrong | drill | what rings |", "| --- | --- | --- |"]
    for drill in drills:
        if drill.alarms:
            failure = (sys.modules[module_of(drill)].__doc__ or "").splitlines()[0].rstrip(".")
            rings = (f"**`{name}`**" if name in drill.pages else f"`{name}`" for name in drill.alarms)
            rows.append(f"| {failure} | `{drill.name}` | {', '.join(rings)} |")
    return "\n".join(rows) + "\n"


def module_of(drill: Drill) -> str:
    """The module of a drill in the catalogue."""
    return f"{drills.__name__}.{drill.name.replace('-', '_')}"


def told(nemesis: Nemesis) -> str:
    """A nemesis in a few words: its id, and of a fault its point and action."""
    return f"{nemesis.id}: {nemesis.point} {nemesis.action}" if isinstance(nemesis, Fault) else nemesis.id
