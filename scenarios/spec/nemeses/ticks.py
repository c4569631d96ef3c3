"""A schedule that leaves ticks out, or sends them twice."""

from dataclasses import dataclass

from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemesis import Nemesis, Scene


@dataclass(frozen=True)
class TicksMissed(Nemesis):
    """The first `count` ticks of a scheduled function before the healing are never sent."""

    function: Scheduled
    count: int = 1
    id: str = "ticks-missed"

    def times(self, function: Scheduled, scene: Scene) -> int:
        if function is not self.function or scene.struck[self.id] >= self.count:
            return 1
        scene.struck[self.id] += 1
        return 0


@dataclass(frozen=True)
class TicksDoubled(Nemesis):
    """Every tick of a scheduled function before the healing is sent twice at the same time."""

    function: Scheduled
    id: str = "ticks-doubled"

    def times(self, function: Scheduled, scene: Scene) -> int:
        if function is not self.function:
            return 1
        scene.struck[self.id] += 1
        return 2
