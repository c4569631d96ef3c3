"""A fault of the emulator as a nemesis, and the faults that the drills of crashes have in common."""

from dataclasses import dataclass, replace
from typing import ClassVar

from wavetank.emulator.faults import model
from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action, Point
from wavetank.scenarios.spec.nemesis import Nemesis, Outcome, Scene


@dataclass(frozen=True)
class Fault(model.Fault, Nemesis):
    """A fault that is set in the stack, with the seed of the run."""

    needs_control: ClassVar[bool] = True

    def begin(self, scene: Scene) -> None:
        control = scene.site.stack.control
        # All faults are taken away together, whichever is healed first, and also where a stack has lost them.
        scene.healing.callback(control.clear_faults)
        control.add_fault(model.document(replace(self, seed=scene.seed)))

    def fired(self, outcome: Outcome, scene: Scene) -> int:  # noqa: ARG002
        return outcome.firings.get(self.id, 0)


def functions_die(how: Action) -> tuple[Fault, ...]:
    """Processor, partitioner and concatenator die now and then, each before or after one of its calls takes effect."""

    def death(name: str, function: str, when: When, call: int) -> Fault:
        match = {"function": function}
        return Fault(f"{name}-dies", Point.LAMBDA_INVOKE, how, match, when=when, parameters={"call": call})

    return (
        death("processor", "wavetank-*-processor", When(count=3), call=2),
        death("partitioner", "wavetank-partitioner", When(every=2, count=3), call=3),
        death("concatenator", "wavetank-concatenator", When(count=1), call=4),
    )
