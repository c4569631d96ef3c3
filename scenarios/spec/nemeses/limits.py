"""Limits of AWS that the stack holds its account to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from wavetank.emulator.limits.register import Limit
from wavetank.scenarios.spec.nemesis import Nemesis, Portion, Scene, SendPlan

DESCRIBED = 2
"""Calls in a row: one more than an account may make within a second."""


@dataclass(frozen=True)
class LimitEnforced(Nemesis):
    """The account is held to a limit while the workload flows, to a lower value than AWS's own, which few events meet.

    It struck as often as it refused something.
    """

    limit: Limit
    value: int
    id: str
    needs_control: ClassVar[bool] = True

    def begin(self, scene: Scene) -> None:
        control = scene.site.stack.control
        scene.healing.callback(self._release, scene, control)
        control.enforce_limit(self.limit, self.value)

    def _release(self, scene: Scene, control: Any) -> None:
        refused = {limit["name"]: limit["refused"] for limit in control.limits()}
        scene.struck[self.id] += refused[self.limit]
        control.release_limit(self.limit)


@dataclass(frozen=True)
class StreamsDescribed(Nemesis):
    """Somebody asks about the victim's stream twice in a row, and about its alarm, before each portion is sent."""

    id: str = "streams-described"

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterator[SendPlan]:  # noqa: ARG002
        kinesis, cloudwatch = (scene.site.stack.client(name) for name in ("kinesis", "cloudwatch"))
        for _ in range(DESCRIBED):
            kinesis.describe_stream_summary(StreamName=scene.event.raw_stream)
        for _ in range(DESCRIBED):
            cloudwatch.describe_alarms(AlarmNames=[f"{scene.event.processor}-behind"])
        scene.struck[self.id] += 1
        yield from plans
