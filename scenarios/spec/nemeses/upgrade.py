"""The release before, which this one is deployed over."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

from wavetank.scenarios.spec.nemesis import Nemesis, Portion, Scene, SendPlan, up_to_half


@dataclass(frozen=True)
class Upgraded(Nemesis):
    """The release before is deployed, until this one is deployed over it while the producer feeds the last portion.

    So the earlier portions are at rest as the release before wrote them, half of the last one is on its streams, and
    the other half is put on them while they are moved and their functions are changed.
    """

    needs_control: ClassVar[bool] = True
    needs_release_before: ClassVar[bool] = True

    id: str = "upgraded"

    def begin(self, scene: Scene) -> None:
        scene.healing.callback(self._upgrade, scene)
        scene.downgrade()

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterator[SendPlan]:
        rest = yield from up_to_half(portion, plans)
        if rest is None:
            return
        with ThreadPoolExecutor(1, thread_name_prefix="upgrade") as pool:
            upgrade = pool.submit(self._upgrade, scene)
            yield rest
            upgrade.result()

    def _upgrade(self, scene: Scene) -> None:
        if not scene.struck[self.id]:
            scene.redeploy()
            scene.struck[self.id] += 1
