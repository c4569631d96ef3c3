"""A fault of the emulator as a nemesis."""

from dataclasses import dataclass, replace
from typing import ClassVar

from wavetank.emulator.faults import model
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
