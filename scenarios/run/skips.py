"""The drills that a stack cannot hold, and why: said by name, so that they are not taken for passed."""

from collections.abc import Iterable
from dataclasses import dataclass

from wavetank.emulator.stack.stack import Kind, Stack
from wavetank.emulator.stack.uncontrolled import NoControlApi
from wavetank.scenarios.site import release
from wavetank.scenarios.site.database import choice
from wavetank.scenarios.site.database.server import Engine
from wavetank.scenarios.site.own_code import has_database
from wavetank.scenarios.spec.drill import Drill
from wavetank.scenarios.spec.steps import Advance, AdvanceTo, Stall

NEEDS_CONTROL = "needs the control API, which {url} does not have"
NEEDS_CONTAINER = "needs a container of ours: `wavetank drill --docker`, or `up --docker` and its --endpoint-url"
OWN_HOURS = "takes events of the hours in which it is held, and none from a file"

SAME_MACHINE = "reads a database that it starts on this machine: needs a stack of its own, without --endpoint-url"
NEEDS_SERVER = "needs a database server"
OWN_TYPES = "takes the synthetic events of the ad stream, whose event types it gives code of their own"


@dataclass(frozen=True)
class Skip:
    """A drill that is not held, and why."""

    name: str
    reason: str


def sort_out(drills: Iterable[Drill], stack: Stack) -> tuple[list[Drill], list[Skip]]:
    """The drills that `stack` can hold, and the others."""
    reasons = [(drill, unfit(drill, stack)) for drill in drills]
    return [drill for drill, reason in reasons if not reason], [Skip(d.name, reason) for d, reason in reasons if reason]


def unfit(drill: Drill, stack: Stack) -> str:
    """The reason why `stack` cannot hold the drill; empty where it can."""
    if stack.kind is not Kind.DOCKER and any(nemesis.needs_container for nemesis in drill.nemeses):
        return NEEDS_CONTAINER
    if drill.workload.component and (drill.workload.schemas or drill.workload.source is not None):
        return OWN_TYPES
    if any(nemesis.needs_release_before for nemesis in drill.nemeses) and (obstacle := release.obstacle()):
        return obstacle
    if has_database(drill.workload.component):
        if stack.kind is not Kind.EMBEDDED:
            return SAME_MACHINE
        if drill.needs_server and choice.chosen() is Engine.SQLITE:
            return f"{NEEDS_SERVER}: {choice.obstacle(Engine.MARIADB)}; {choice.obstacle(Engine.POSTGRESQL)}"
    if drill.ages and drill.workload.source is not None:
        return OWN_HOURS
    needs_control = (
        drill.ages
        or any(nemesis.needs_control for nemesis in drill.nemeses)
        or any(isinstance(step, Advance | AdvanceTo | Stall) for step in (*drill.during, *drill.after))
    )
    return (
        NEEDS_CONTROL.format(url=stack.endpoint_url)
        if needs_control and isinstance(stack.control, NoControlApi)
        else ""
    )
