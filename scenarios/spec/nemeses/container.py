"""Outages of the whole emulator under a producer that feeds it, and what the producer does about them.

The producer keeps a journal of what it sends. Half of the last portion is sent before the outage and half into it, by a
client that gives up soon. What is not acknowledged by then is sent again; where the emulator has lost its state, the
pipeline is deployed anew, and all that the journal ever held is sent again.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol

from wavetank.emulator.errors import StackError
from wavetank.scenarios.spec.nemesis import Nemesis, Portion, Scene, SendPlan, up_to_half

ANSWER_S = 1.0
"""How long the producer waits for an answer; an outage lasts longer."""
KNOCK_S = 0.5
DOWN_S = 1.5
"""How long a killed emulator stays down."""
DEATH_S = 60.0
"""How long an emulator out of memory may take to be killed."""
LOOK_S = 0.1


class ContainerOutage(Nemesis, Protocol):
    """An outage of the container that the stack runs in, while the producer feeds the last portion."""

    needs_container: ClassVar[bool] = True

    def strike(self, scene: Scene) -> Callable[[], bool]:
        """Bring the outage about; the wait until it is over says whether the emulator has lost its state."""
        ...

    def begin(self, scene: Scene) -> None:
        scene.healing.callback(scene.producer.close)

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterator[SendPlan]:
        rest = yield from up_to_half(portion, (replace(plan, journalled=True) for plan in plans))
        if rest is None:
            return
        with ThreadPoolExecutor(1, thread_name_prefix="outage") as pool:
            over = pool.submit(self.strike(scene))
            yield replace(rest, answer_s=ANSWER_S)
            is_lost = over.result()
        if is_lost:
            scene.redeploy()
        yield SendPlan(scene.producer.unacknowledged(rewind=is_lost), repeat=True)


@dataclass(frozen=True)
class ContainerPaused(ContainerOutage):
    """The stack's container is frozen for so many seconds while the producer feeds the last portion."""

    seconds: float = 4.0
    id: str = "container-paused"

    def strike(self, scene: Scene) -> Callable[[], bool]:
        return _outlast(self, scene, self.seconds, begin=scene.site.stack.pause, end=scene.site.stack.resume)


@dataclass(frozen=True)
class ContainerCut(ContainerOutage):
    """The stack's container is off its network for so many seconds while the producer feeds the last portion."""

    seconds: float = 4.0
    id: str = "container-cut"

    def strike(self, scene: Scene) -> Callable[[], bool]:
        return _outlast(self, scene, self.seconds, begin=scene.site.stack.cut, end=scene.site.stack.join)


@dataclass(frozen=True)
class ContainerKilled(ContainerOutage):
    """The stack's container is killed while the producer feeds the last portion, and started with nothing in it."""

    id: str = "container-killed"

    def strike(self, scene: Scene) -> Callable[[], bool]:
        stack = scene.site.stack
        scene.healing.callback(_revive, scene)
        stack.kill()

        def stay_dead() -> bool:
            time.sleep(DOWN_S)
            scene.struck[self.id] += stack.has_ended
            stack.start()
            return True

        return stay_dead


@dataclass(frozen=True)
class MemoryReached(ContainerOutage):
    """While the last portion flows the stack's container may take only so many bytes more, and is killed for it."""

    spare: int = 1 << 20
    id: str = "memory-reached"

    def strike(self, scene: Scene) -> Callable[[], bool]:
        stack = scene.site.stack
        before = stack.memory_limit
        scene.healing.callback(_revive, scene)
        scene.healing.callback(stack.limit_memory, before)

        def run_out() -> bool:
            # What is in use goes up and down: the limit follows it down until the container is killed for it.
            limit, ends = before, time.monotonic() + DEATH_S
            while not stack.has_ended and time.monotonic() < ends:
                limit = min(limit, stack.memory_in_use + self.spare)
                # The engine refuses a limit below what is in use by the time that it is set.
                with suppress(StackError):
                    stack.limit_memory(limit)
                time.sleep(LOOK_S)
            has_ended = stack.has_ended
            scene.struck[self.id] += has_ended and stack.ran_out_of_memory
            stack.limit_memory(before)
            if has_ended:
                stack.start()
            return bool(has_ended)

        return run_out


def _outlast(
    nemesis: ContainerOutage, scene: Scene, seconds: float, begin: Callable[[], object], end: Callable[[], object]
) -> Callable[[], bool]:
    """Begin an outage that ends after so many seconds. It counts only if the control API does not answer meanwhile."""
    outage = scene.healing.enter_context(ExitStack())
    outage.callback(end)
    begin()

    def outlast() -> bool:
        ends = time.monotonic() + seconds
        try:
            scene.site.stack.control.status(timeout_s=KNOCK_S)
        except StackError:
            scene.struck[nemesis.id] += 1
        time.sleep(max(0.0, ends - time.monotonic()))
        outage.close()
        return False

    return outlast


def _revive(scene: Scene) -> None:
    """Start an emulator that has ended, and deploy on it."""
    if scene.site.stack.has_ended:
        scene.site.stack.start()
        scene.redeploy()
