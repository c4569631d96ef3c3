"""Own code of event types in drills: laid over the schema folder, deployed for a run, and given to the oracle.

`scenarios/components/<name>/` holds what is laid over: `<event>/enrich.py`, `<event>/component.toml` and so on.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from wavetank.emulator.stack.home import Home
from wavetank.pipeline import package, topology
from wavetank.pipeline.components.references import read_references
from wavetank.pipeline.topology import EventType, Topology
from wavetank.scenarios.client.wire import newest_schema
from wavetank.scenarios.oracle import own_code
from wavetank.scenarios.oracle.avro import type_of
from wavetank.scenarios.oracle.own_code import OwnCode
from wavetank.scenarios.site.database.dumps import first_dumps
from wavetank.scenarios.site.database.provided import move_rows, with_database
from wavetank.scenarios.site.site import Site, copied

COMPONENTS = Path(__file__).parents[1] / "components"
IN_DATABASE = "campaigns-in-database"
"""The component that puts the reference data of the ad stream into a database."""


@contextmanager
def overlaid(schemas: Path, name: str) -> Iterator[Path]:
    """A copy of a schema folder with the component laid over it, there for as long as the block lasts."""
    with copied(schemas) as copy:
        shutil.copytree(COMPONENTS / name, copy, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        move_rows(copy)
        yield copy


def has_database(name: str) -> bool:
    """Whether a component puts references into a database."""
    folder = COMPONENTS / name / topology.REFERENCE_FOLDER
    return bool(name) and any(each.database is not None for each in read_references(folder))


@contextmanager
def equipped(site: Site, name: str) -> Iterator[Site]:
    """The site with a component over its event types, for as long as the block lasts; as it is without a name.

    Its data go before and after: some settings cannot change while there are any.
    """
    if not name:
        yield site
        return
    with overlaid(site.schemas, name) as folder:
        site.stack.control.reset()
        try:
            with with_database(site, folder) as provided:
                equipped_site = provided.redeployed(folder)
                first_dumps(equipped_site)
                yield equipped_site
        finally:
            site.stack.control.reset()
            site.redeployed(site.schemas)
            site.restore_registry()


def codes(planned: Topology) -> Mapping[str, OwnCode]:
    """The own code of each event type that has some, as the oracle takes it."""
    by_name = {}
    for event in (event for event in planned.events if event.has_own_code):
        enrich, references = None, tuple[str, ...]()
        if event.code:
            enrich, references = own_code.load(event.folder / "enrich.py", _packages(event))
        by_name[event.name] = OwnCode(
            target=type_of(newest_schema(event.folder, "processed").definition),
            enrich=enrich,
            rules=tuple(rule.model_dump(exclude_none=True) for rule in event.component.rules),
            references=references,
        )
    return by_name


def _packages(event: EventType) -> Path | None:
    """The packages that an event type's own code needs, where they can be imported from."""
    if not event.has_packages:
        return None
    return package.unpacked(package.build_own_layer(Home.from_environment().cache / "packages", event))


def codes_of_component(schemas: Path, name: str) -> Mapping[str, OwnCode]:
    """As `codes`, of a component laid over a schema folder; none for an empty name."""
    if not name:
        return {}
    with overlaid(schemas, name) as folder:
        return codes(topology.load(folder))
