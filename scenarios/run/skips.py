"""Which drills a stack cannot hold, and why: said by name, so that nobody takes them for passed."""

from collections.abc import Iterable
from dataclasses import dataclass

from wavetank.emulator.stack.stack import Kind, Stack
from wavetank.emulator.stack.uncontrolled import NoControlApi
from wavetank.scenarios.spec.drill import Drill
from wavetank.scenarios.spec.steps import Advance, Stall

NEEDS_CONTROL = "needs the control API, which {url} does not have"
NEEDS_CONTAINER = "needs a container of ours: `wavetank drill --docker`, or `up --docker` and its --endpoint-url"


@dataclass(frozen=True)
class Skip:
    """A drill that is not held, and why."""

    name: str
    reason: str


def sort_out(drills: Iterable[Drill], stack: Stack) -> tuple[list[Drill], list[Skip]]:
    """The drills that `stack` can hold, and the others."""
    held: list[Drill] = []
    skips: list[Skip] = []
    for drill in drills:
        reason = unfit(drill, stack)
        if reason:
            skips.append(Skip(drill.name, reason))
        else:
            held.append(drill)
    return held, skips


def unfit(drill: Drill, stack: Stack) -> str:
    """Why `stack` cannot hold the drill; empty where it can."""
    if stack.kind is not Kind.DOCKER and any(nemesis.needs_container for nemesis in drill.nemeses):
        return NEEDS_CONTAINER
    if isinstance(stack.control, NoControlApi) and _needs_control(drill):
        return NEEDS_CONTROL.format(url=stack.endpoint_url)
    return ""


def _needs_control(drill: Drill) -> bool:
    """Whether it sets faults, moves the clock, or waits for what stalls."""
    steps = (*drill.during, *drill.after)
    return any(nemesis.needs_control for nemesis in drill.nemeses) or any(
        isinstance(step, Advance | Stall) for step in steps
    )
