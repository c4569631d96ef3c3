"""The case of a stage of the project: its components and templates, and what is measured where it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wavetank.emulator.errors import NoStackUp, StackError
from wavetank.emulator.stack.home import Home, schemas_folder
from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline import package, topology
from wavetank.pipeline.template.render import render
from wavetank.pipeline.topology import Topology
from wavetank.scenarios.commands.target import connect
from wavetank.scenarios.flow import ratios as of
from wavetank.scenarios.flow.flow import Case, Load
from wavetank.scenarios.flow.inventory import Inventory, inventory
from wavetank.scenarios.flow.ratios import Ratios
from wavetank.scenarios.flow.references import reference_use

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
    enforced: Mapping[str, float] = field(default_factory=dict)
    """The limits that the stack holds its account to, by name; none elsewhere."""

    @property
    def region(self) -> str:
        """The region of the stage, as `wavetank.toml` has it."""
        return self.topology.project.stage(self.topology.stage).region or DEFAULT_REGION


def stage_under(
    load: Load, event_bytes: float | None, *, stage: str | None, endpoint_url: str | None, vpc_subnets: int = 0
) -> Stage:
    """The stage of the project under a load, measured on the stack that is named, or is up.

    vpc_subnets: those of the dumpers. Raises ConfigurationError, and Unreachable for a stack that is named and does not
    answer.
    """
    deployed = topology.load(schemas_folder(), stage)
    ratios, sums, measured_on = Ratios(), None, NOT_UP
    shares, enforced = load.shares, dict[str, float]()
    try:
        stack = connect(endpoint_url, stage)
    except NoStackUp:
        pass
    else:
        from wavetank.scenarios.flow import measured

        read = measured.read(stack, deployed)
        shares = shares or measured.shares(read, deployed)
        measured_on, enforced = NOTHING_MEASURED, _enforced(stack)
        if sum(shares.values()):
            ratios, sums, measured_on = measured.ratios(read, deployed), read.document(), stack.endpoint_url
    case = Case(
        components={event.name: event.component for event in deployed.events},
        inventory=inventory_of(deployed),
        load=Load(load.events_per_s, load.aggregated, load.consumers, shares),
        ratios=ratios.given(of.EVENT_BYTES, event_bytes),
        references=reference_use(deployed),
        vpc_subnets=vpc_subnets,
    )
    return Stage(deployed, case, measured_on, sums, enforced)


def _enforced(stack: Stack) -> dict[str, float]:
    """The limits that a stack enforces; none where it has no control API."""
    try:
        return {limit["name"]: limit["value"] for limit in stack.control.limits() if limit["value"] is not None}
    except StackError:
        return {}


def package_bytes(deployed: Topology) -> dict[str, float]:
    """The bytes of functions with their layers, unzipped, as they are deployed; builds what is not built yet."""
    folder = Home.from_environment().cache / "packages"
    built = package.build(folder, deployed.events, databases=deployed.databases)
    shared = package.unzipped(built.code) + package.unzipped(built.codec_layer)
    sizes = {"functions that all share": float(shared + package.unzipped(built.columns_layer))}
    for name, code in built.components.items():
        layers = [built.codec_layer, *([built.component_layers[name]] if name in built.component_layers else [])]
        sizes[f"{name}, processor"] = float(sum(map(package.unzipped, (code, *layers))))
    for name, code in built.dumpers.items():
        layers = [built.codec_layer, *filter(None, [built.databases_layer])]
        sizes[f"{name}, dumper"] = float(sum(map(package.unzipped, (code, *layers))))
    return sizes


def inventory_of(deployed: Topology) -> Inventory:
    """The inventory of what the templates of a topology make."""
    stacks = {deployed.names.component_stack(event.name): event.name for event in deployed.events}
    return inventory(render(deployed), stacks)
