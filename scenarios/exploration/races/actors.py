"""The actors of the races: functions that are each given something to do, and what operators do by hand.

Each is given it directly, as its source would, and again where it fails; so nothing begins by itself, and nothing is
begun a second time while the first is stopped.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from wavetank.emulator.stack.stack import ExternalStack
from wavetank.pipeline.names import NAMES
from wavetank.scenarios.client.quarantine import Filter
from wavetank.scenarios.exploration.races.world import (
    ATTEMPTS,
    NEW,
    ActorFailedError,
    World,
    batch,
    created,
    invoke,
    ticked,
)
from wavetank.scenarios.site import recovery
from wavetank.scenarios.site.recovery import BackFillFailedError
from wavetank.scenarios.site.site import REPLAY_AFTER, Site
from wavetank.scenarios.spec.hours import Scheduled


@dataclass(frozen=True)
class Scene:
    """A site with the world that runs on it begin in."""

    site: Site
    world: World

    @cached_property
    def operator(self) -> Site:
        """The same site as an operator who re-drives calls it."""
        stack = self.site.stack
        named = ExternalStack(stack.endpoint_url, stack.region, application=recovery.REDRIVE)
        return Site(named, self.site.topology, self.site.schemas, self.site.waiting)


Work = Callable[[Scene], None]


@dataclass(frozen=True)
class Actor:
    """Somebody who races.

    caller: who makes its calls, as a fault names it; empty for the processor of the event type. through: the functions
    that do what it asks for. when_held: what it does as the one that is stopped, where that is less. learns: whether it
    looks for parts: those of a chunk that comes just before it begins are for it to find. lands_late: whether it deals
    with late parts. redrives: whether what is in quarantine is its business.
    """

    name: str
    caller: str
    work: Work
    through: tuple[str, ...] = ()
    when_held: Work | None = None
    learns: bool = False
    lands_late: bool = False
    redrives: bool = False

    def callers(self, event_processor: str) -> tuple[str, ...]:
        """Everybody who works for it."""
        return (self.called(event_processor), *self.through)

    def called(self, event_processor: str) -> str:
        """Who makes its calls; the processor is that of the event type."""
        return self.caller or event_processor


def arrive(scene: Scene) -> None:
    """Let the chunk that has just come be partitioned."""
    _partition(scene)


def _partition(scene: Scene) -> None:
    site = scene.site
    invoke(site, NAMES.partitioner, created(site, scene.world.chunks[NEW]))


def _replay(scene: Scene) -> None:
    site = scene.site
    invoke(site, NAMES.replayer, ticked(site, Scheduled.REPLAYER, site.now() + REPLAY_AFTER))


def _plan(scene: Scene) -> None:
    for moment in scene.world.merge_times:
        invoke(scene.site, NAMES.planner, ticked(scene.site, Scheduled.PLANNER, moment))


def _put_aside(scene: Scene) -> None:
    invoke(scene.site, NAMES.planner, ticked(scene.site, Scheduled.PLANNER, scene.world.late_time))


def _merge(scene: Scene) -> None:
    _merge_all(scene, scene.world.tasks)


def _merge_one(scene: Scene) -> None:
    """Merge the last hour alone, which looks at the one before."""
    _merge_all(scene, scene.world.tasks[-1:])


def _merge_all(scene: Scene, tasks: Sequence[str]) -> None:
    """Have the messages handled; those that fail come again, as from their queue."""
    left = {str(number): body for number, body in enumerate(tasks)}
    for _ in range(ATTEMPTS):
        records = [{"messageId": number, "body": body} for number, body in left.items()]
        answer = invoke(scene.site, NAMES.concatenator, {"Records": records})
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        left = {number: body for number, body in left.items() if number in failed}
        if not left:
            return
    partitions = ", ".join(json.loads(body)["partition"] for body in left.values())
    raise ActorFailedError(f"{NAMES.concatenator} could not merge {partitions}, {ATTEMPTS} times")


def back_fill(scene: Scene) -> None:
    """Land what came too late; once more where something failed. Raises ActorFailedError."""
    failure = ""
    for _ in range(ATTEMPTS):
        try:
            list(recovery.back_fill(scene.site.stack))
        except BackFillFailedError as error:
            failure = str(error)
        else:
            return
    raise ActorFailedError(f"the back-fill failed {ATTEMPTS} times: {failure[:300]}")


def _rescue(scene: Scene) -> None:
    invoke(scene.site, NAMES.rescuer, created(scene.site, scene.world.document))


def redrive(scene: Scene) -> None:
    """Put what was given up back on its stream. Raises ActorFailedError where not all of it was taken."""
    for done in recovery.redrive(scene.operator, Filter(reason="given-up")):
        if not done.complete:
            raise ActorFailedError(f"{done.file.key}: {done.acknowledged} of {done.records} taken")


def _process(scene: Scene) -> None:
    world, site = scene.world, scene.site
    invoke(site, world.event_type.processor, batch(world, site, world.raw, first=1))


ACTORS: tuple[Actor, ...] = (
    Actor("processor", "", _process),
    Actor("rescuer", NAMES.rescuer, _rescue),
    Actor("redrive", recovery.REDRIVE, redrive, redrives=True),
    Actor("partitioner", NAMES.partitioner, _partition),
    Actor("replayer", NAMES.replayer, _replay, through=(NAMES.partitioner,)),
    Actor("planner", NAMES.planner, _plan, through=(NAMES.concatenator,), learns=True),
    Actor("late", NAMES.planner, _put_aside, learns=True, lands_late=True),
    Actor("concatenator", NAMES.concatenator, _merge, when_held=_merge_one, learns=True),
    Actor("backfill", recovery.BACK_FILL, back_fill, learns=True, lands_late=True),
)
"""`late` is the planner when the hours have left the look-back: it puts aside what is not merged."""
