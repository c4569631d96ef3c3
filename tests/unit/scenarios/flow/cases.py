"""Cases for the tests of flows, costs and limits: components with the usual settings on the project's templates."""

import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from wavetank.pipeline import topology
from wavetank.pipeline.components.model import Component
from wavetank.pipeline.topology import Topology
from wavetank.scenarios.flow.flow import Case, Load
from wavetank.scenarios.flow.inventory import Inventory
from wavetank.scenarios.flow.ratios import Ratios
from wavetank.scenarios.flow.references import ReferenceUse, reference_use
from wavetank.scenarios.flow.stage import inventory_of

CAMPAIGNS = """
key = ["campaign"]
every = "2 minutes"
columns = { campaign = "string", advertiser = "string", vertical = "string" }
database = { name = "ads", secret = "wavetank/ads", table = "campaigns" }
"""
RATES = CAMPAIGNS.replace("2 minutes", "3 minutes").replace('"campaigns"', '"rates"')
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


@cache
def _with_database() -> tuple[Inventory, ReferenceUse]:
    with TemporaryDirectory() as folder:
        schemas = Path(shutil.copytree(SCHEMAS, Path(folder) / "schemas"))
        (schemas / "reference" / "campaigns.json").unlink()
        for name, text in (("campaigns", CAMPAIGNS), ("rates", RATES)):
            (schemas / "reference" / f"{name}.toml").write_text(text)
        deployed = topology.load(schemas)
        return inventory_of(deployed), reference_use(deployed)


def database_case(events_per_s: float, *, vpc_subnets: int = 0) -> Case:
    """The same where the campaigns, and another reference, are read from a database every two and three minutes."""
    inventory, use = _with_database()
    return replace(case(events_per_s), inventory=inventory, references=use, vpc_subnets=vpc_subnets)
