"""Outages of the whole emulator under a producer that feeds it, and what the producer does about them.

The producer keeps a journal of what it sends. Half of the last portion is sent before the outage and half into it, by a
client that gives up soon. What is not acknowledged by then is sent again; where the emulator has lost its state, the
pipeline is deployed anew, and all that the journal ever held is sent again.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

from wavetank.emulator.deploy.deploy import deploy
from wavetank.emulator.errors import StackError
from wavetank.scenarios.client.journal import Journal
from wavetank.scenarios.site.producer import Course
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.schedules import ContainerCut, ContainerKilled, ContainerPaused, MemoryReached, OfContainer
from wavetank.scenarios.workload.synthetic import WorkloadEvent

if TYPE_CHECKING:
    from wavetank.emulator.container.stack import DockerStack

ANSWER_S = 1.0
"""How long the producer waits for an answer; an outage lasts longer."""
KNOCK_S = 0.5
DOWN_S = 1.5
"""How long a killed emulator stays down."""
DEATH_S = 60.0
"""How long an emulator out of memory may take to be killed."""
LOOK_S = 0.1

Mend = Callable[[], object]


class Outages:
    """What befalls the container that the stack of `site` runs in. It is of the docker kind."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._events: dict[str, WorkloadEvent] = {}
        self._journal: Journal | None = None
        self._folder: TemporaryDirectory[str] | None = None
        self._mends: list[Mend] = []

    def courses(self, portion: Sequence[WorkloadEvent]) -> list[Course]:
        """The portion, journalled: nothing befalls the container."""
        return [Course(portion, journal=self._keep(portion))]

    def last(self, trouble: OfContainer, portion: Sequence[WorkloadEvent], struck: Mend) -> Iterator[Course]:
        """The last portion, into the outage, and what has to be sent after it; `struck` is told when it strikes."""
        journal, half = self._keep(portion), len(portion) // 2
        yield Course(portion[:half], journal=journal)
        with ThreadPoolExecutor(1, thread_name_prefix="outage") as pool:
            over = self._begin(trouble, pool, struck)
            yield Course(portion[half:], answer_s=ANSWER_S, journal=journal)
            lost = over.result()
        self._mends.clear()
        if lost:
            self._rebuild()
            journal.rewind()
        yield from self._again(journal)

    def mend(self) -> None:
        """End an outage that lasts still: after that the pipeline is there, if with nothing in it."""
        while self._mends:
            self._mends.pop()()
        if self._journal is not None:
            self._journal.close()
        if self._folder is not None:
            self._folder.cleanup()
        self._journal = self._folder = None

    @property
    def _stack(self) -> "DockerStack":
        return cast("DockerStack", self._site.stack)

    def _keep(self, portion: Sequence[WorkloadEvent]) -> Journal:
        """The journal of this run, begun with its first portion."""
        self._events |= {event.event_id: event for event in portion}
        if self._journal is None:
            self._folder = TemporaryDirectory(prefix="wavetank-producer-")
            self._journal = Journal(Path(self._folder.name) / "journal", "drill", retain=True)
        return self._journal

    def _again(self, journal: Journal) -> Iterator[Course]:
        """What waits in the journal, once more."""
        waiting = journal.waiting()
        if waiting:
            events = [self._events[original.decode()] for _, _, original in waiting]
            yield Course(events, repeat=True)

    def _begin(self, trouble: OfContainer, pool: ThreadPoolExecutor, struck: Mend) -> "Future[bool]":
        """Bring the outage about; when it is over, whether the emulator has lost its state."""
        stack = self._stack
        match trouble:
            case ContainerPaused(seconds):
                self._mends.append(stack.resume)
                stack.pause()
                return pool.submit(self._outlast, seconds, struck, stack.resume)
            case ContainerCut(seconds):
                self._mends.append(stack.join)
                stack.cut()
                return pool.submit(self._outlast, seconds, struck, stack.join)
            case ContainerKilled():
                self._mends.append(self._revive)
                stack.kill()
                return pool.submit(self._stay_dead, struck)
            case MemoryReached(spare):
                before = stack.memory_limit
                self._mends += [self._revive, lambda: stack.limit_memory(before)]
                return pool.submit(self._run_out, before, spare, struck)

    def _outlast(self, seconds: float, struck: Mend, heal: Mend) -> bool:
        """It has struck if nobody answers at the door meanwhile."""
        ends = time.monotonic() + seconds
        try:
            self._stack.control.status(timeout_s=KNOCK_S)
        except StackError:
            struck()
        time.sleep(max(0.0, ends - time.monotonic()))
        heal()
        return False

    def _stay_dead(self, struck: Mend) -> bool:
        time.sleep(DOWN_S)
        if self._stack.has_ended:
            struck()
        self._stack.start()
        return True

    def _run_out(self, before: int, spare: int, struck: Mend) -> bool:
        """Tighten the limit around what it uses, which goes up and down, until it is killed for it; whether it was."""
        stack, limit, ends = self._stack, before, time.monotonic() + DEATH_S
        while not stack.has_ended and time.monotonic() < ends:
            limit = min(limit, stack.memory_in_use + spare)
            # The engine refuses a limit below what is in use by the time that it is set.
            with suppress(StackError):
                stack.limit_memory(limit)
            time.sleep(LOOK_S)
        ended = stack.has_ended
        if ended and stack.ran_out_of_memory:
            struck()
        stack.limit_memory(before)
        if ended:
            stack.start()
        return ended

    def _revive(self) -> None:
        """Start an emulator that has ended, and deploy on it."""
        if self._stack.has_ended:
            self._stack.start()
            self._rebuild()

    def _rebuild(self) -> Any:
        return deploy(self._stack, schemas=self._site.schemas)
