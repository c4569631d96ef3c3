"""The catalogue as it is listed: what each drill shows, what goes wrong in it, and its tags."""

from collections.abc import Iterable, Iterator
from typing import Any

from emulator.faults.model import Fault
from scenarios.drill import Drill
from scenarios.schedules import Trouble


def document(drills: Iterable[Drill]) -> dict[str, Any]:
    """The drills as plain data."""
    return {
        "drills": [
            {
                "name": drill.name,
                "hypothesis": drill.hypothesis,
                "tags": [str(tag) for tag in drill.tags],
                "faults": [_fault(trouble) for trouble in drill.troubles],
            }
            for drill in drills
        ]
    }


def lines(drills: Iterable[Drill]) -> Iterator[str]:
    """The drills for a person to read: three lines each, as far as there is something to say."""
    for drill in drills:
        yield f"{drill.name:<24} {', '.join(drill.tags)}".rstrip()
        yield f"    {drill.hypothesis}"
        if drill.troubles:
            yield f"    {'; '.join(map(told, drill.troubles))}"


def told(trouble: Trouble) -> str:
    """What goes wrong, in a few words: the id, and of a fault its point and action."""
    return f"{trouble.id}: {trouble.point} {trouble.action}" if isinstance(trouble, Fault) else trouble.id


def _fault(trouble: Trouble) -> dict[str, Any]:
    if isinstance(trouble, Fault):
        return {"id": trouble.id, "point": trouble.point, "action": str(trouble.action)}
    return {"id": trouble.id, "point": None, "action": None}
