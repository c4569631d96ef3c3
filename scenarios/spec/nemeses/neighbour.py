"""Another stage on the same stack, in an account of its own, that goes haywire."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

from wavetank.scenarios.spec.nemesis import Nemesis, Portion, Scene, SendPlan, up_to_half


@dataclass(frozen=True)
class StageHaywire(Nemesis):
    """Another stage is flooded and has no concurrency left, and all of it is deleted while the last portion flows."""

    needs_control: ClassVar[bool] = True

    flood: int = 2_000
    id: str = "stage-haywire"

    def begin(self, scene: Scene) -> None:
        neighbour = scene.neighbour()
        scene.healing.callback(neighbour.delete)
        neighbour.starve()
        neighbour.flood(self.flood, scene.seed)
        scene.struck[self.id] += 1
        scene.beside.append(neighbour)

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterator[SendPlan]:
        rest = yield from up_to_half(portion, plans)
        if rest is None:
            return
        with ThreadPoolExecutor(1, thread_name_prefix="haywire") as pool:
            deletion = pool.submit(scene.beside.pop().delete)
            yield rest
            deletion.result()
            scene.struck[self.id] += 1
