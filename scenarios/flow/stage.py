"""The case of a stage of the project: its components and templates, and what is measured where it runs."""

from dataclasses import dataclass
from typing import Any

from wavetank.emulator.errors import NoStackUp
from wavetank.emulator.stack.home import schemas_folder
from wavetank.pipeline import topology
from wavetank.pipeline.template.render import render
from wavetank.pipeline.topology import Topology
from wavetank.scenarios.commands.target import connect
from wavetank.scenarios.flow import ratios as of
from wavetank.scenarios.flow.flow import Case, Load
from wavetank.scenarios.flow.inventory import Inventory, inventory
from wavetank.scenarios.flow.ratios import Ratios

DEFAULT_REGION = "us-east-1"
NOT_UP = "no stack is up: the defaults of the model"
NOTHING_MEASURED = "no events on the streams in the last day: the defaults of the model"


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage, its case under a load, and where the ratios are from; `sums`: of a day, where there were any."""

    topology: Topology
    case: Case
    measured_on: str
    sums: dict[str, Any] | None = None

    @property
    def region(self) -> str:
        """The region of the stage, as `wavetank.toml` has it."""
        return self.topology.project.stage(self.topology.stage).region or DEFAULT_REGION


def stage_under(load: Load, event_bytes: float | None, *, stage: str | None, endpoint_url: str | None) -> Stage:
    """The stage of the project under a load, measured on the stack that is named, or is up.

    Raises ConfigurationError, and Unreachable for a stack that is named and does not answer.
    """
    deployed = topology.load(schemas_folder(), stage)
    ratios, sums, measured_on = Ratios(), None, NOT_UP
    shares = load.shares
    try:
        stack = connect(endpoint_url, stage)
    except NoStackUp:
        pass
    else:
        from wavetank.scenarios.flow import measured

        read = measured.read(stack, deployed)
        shares = shares or measured.shares(read, deployed)
        measured_on = NOTHING_MEASURED
        if sum(shares.values()):
            ratios, sums, measured_on = measured.ratios(read, deployed), read.document(), stack.endpoint_url
    case = Case(
        components={event.name: event.component for event in deployed.events},
        inventory=inventory_of(deployed),
        load=Load(load.events_per_s, load.aggregated, load.consumers, shares),
        ratios=ratios.given(of.EVENT_BYTES, event_bytes),
    )
    return Stage(deployed, case, measured_on, sums)


def inventory_of(deployed: Topology) -> Inventory:
    """The inventory of what the templates of a topology make."""
    stacks = {deployed.names.component_stack(event.name): event.name for event in deployed.events}
    return inventory(render(deployed), stacks)
