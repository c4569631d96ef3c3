"""Cases for the tests of flows, costs and limits: components with the usual settings on the project's templates."""

from functools import cache
from pathlib import Path

from wavetank.pipeline import topology
from wavetank.pipeline.components.model import Component
from wavetank.pipeline.topology import Topology
from wavetank.scenarios.flow.flow import Case, Load
from wavetank.scenarios.flow.inventory import Inventory
from wavetank.scenarios.flow.ratios import Ratios
from wavetank.scenarios.flow.stage import inventory_of

SCHEMAS = Path(__file__).parents[4] / "schemas"


@cache
def project() -> Topology:
    """The topology of the project's own event types."""
    return topology.load(SCHEMAS)


@cache
def _inventory() -> Inventory:
    return inventory_of(project())


def case(events_per_s: float, *, component: Component | None = None, ratios: Ratios | None = None) -> Case:
    """The project's event types under a load, all of them with one component's settings where it is given."""
    deployed = project()
    return Case(
        components={event.name: component or event.component for event in deployed.events},
        inventory=_inventory(),
        load=Load(events_per_s),
        ratios=ratios or Ratios(),
    )
