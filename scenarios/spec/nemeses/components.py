"""Settings of components that change while events flow."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from wavetank.scenarios.spec.nemesis import Nemesis, Portion, Scene, SendPlan

LARGER = """\
[stream]
shards = 4
retention_hours = 48
[processor]
memory_mib = 1024
timeout_s = 60
batch_records = 40
batch_window_s = 0
parallelization = 3
give_up_hours = 20
[delivery]
buffer_mib = 1
buffer_s = 20
[alarms]
iterator_age_minutes = 30
"""
"""Settings that may change at any time, each another than by default."""


@dataclass(frozen=True)
class ComponentChanged(Nemesis):
    """The victim is deployed with other settings in the midst of a portion, and with its own in the midst of the next.

    Half of a portion is on the stream by then, and the other half comes when the settings have changed.
    """

    settings: str = LARGER
    id: str = "component-changed"
    deploys: ClassVar[bool] = True

    def begin(self, scene: Scene) -> None:
        scene.healing.callback(scene.site.change_settings, scene.victim, None)

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterator[SendPlan]:
        for plan in plans:
            yield replace(plan, events=plan.events[::2])
            scene.site.change_settings(scene.victim, self.settings if portion.number % 2 else None)
            scene.struck[self.id] += 1
            yield replace(plan, events=plan.events[1::2])
