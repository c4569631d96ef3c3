"""The event types that drills are held on: the project's own, or those of the ad stream, which wavetank brings.

The basics are held on the project's own event types, with generated events, as far as that shows something: a drill
that names an event type, or breaks what the project's have not, is held on the ad stream's, and so is every other
drill. A project that has the event types of the ad stream among its own has all drills held on these.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from wavetank.emulator.deploy.deploy import explained
from wavetank.emulator.stack.home import project_if_any, schemas_folder
from wavetank.pipeline import topology
from wavetank.pipeline.components.reference_files import snapshot_of
from wavetank.pipeline.components.references import ReferenceData
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.reference.snapshot import Snapshot
from wavetank.pipeline.reference.table import Kind
from wavetank.pipeline.topology import SCHEMA_FILE, Topology
from wavetank.scenarios.client.producer import routes
from wavetank.scenarios.drills.catalogue import catalogue
from wavetank.scenarios.oracle.own_code import Fate
from wavetank.scenarios.site import observer
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.nemeses.producer import CorruptCopies
from wavetank.scenarios.spec.nemesis import Damage
from wavetank.scenarios.workload import synthetic
from wavetank.scenarios.workload.generated.events import Bounds, generated
from wavetank.scenarios.workload.synthetic import EventType, WorkloadEvent

AD_STREAM = Path(synthetic.__file__).with_name("ad_stream")
"""The schema folder of the ad stream."""
OF_PROJECT = "project"
"""`Workload.schemas` of events that are generated of the project's event types."""
NAMED = re.compile(rf"\b({'|'.join(EventType)})\b")
ATTRIBUTES = "attributes"
EVENTS_A_PORTION = 80
"""Of each type, on average: a fifth of them, the most that a drill damages, is enough for each of its flaws."""
FEWEST_CHUNKS = 6
"""A portion makes a chunk of each event type."""


@dataclass(frozen=True)
class Share:
    """Drills that are held on stacks deployed from one schema folder; `of_project`: which is the project's own."""

    schemas: Path
    drills: tuple[Drill, ...]
    of_project: bool = False

    @property
    def told(self) -> str:
        """The share for a person to read."""
        names = ", ".join(event.name for event in topology.load(self.schemas).events)
        whose = "this project's event types" if self.of_project else "the event types that wavetank brings"
        return f"on {whose} ({names}): {', '.join(drill.name for drill in self.drills)}"


def ad_stream_schemas() -> Path:
    """The schema folder with the ad stream's event types: the project's where it has them, else wavetank's own."""
    return schemas_folder() if project_if_any() is not None and has_ad_stream(schemas_folder()) else AD_STREAM


def has_ad_stream(schemas: Path) -> bool:
    """Whether each schema of the ad stream is in a folder, as it is."""
    files = (path for path in AD_STREAM.glob("*/*.avsc") if SCHEMA_FILE.fullmatch(path.name))
    return all(_document(schemas / path.relative_to(AD_STREAM)) == _document(path) for path in files)


def shares(drills: Iterable[Drill]) -> list[Share]:
    """The drills as they are to be held: on the project's event types, and on those of the ad stream.

    Raises DeployFailed where the project's schema folder breaks a rule.
    """
    every = tuple(drills)
    if project_if_any() is None or has_ad_stream(schemas_folder()):
        return [Share(ad_stream_schemas(), every)]
    with explained():
        planned = topology.load(schemas_folder())
    own = tuple(drill for drill in every if fits(drill, planned))
    rest = tuple(drill for drill in every if drill not in own)
    adapted = tuple(on_project(drill, len(planned.events)) for drill in own)
    both = (Share(schemas_folder(), adapted, of_project=True), Share(AD_STREAM, rest))
    return [share for share in both if share.drills]


def on_project(drill: Drill, types: int) -> Drill:
    """The drill with events that are generated of so many event types of the project.

    Each portion has enough of each type for every flaw that copies can have, and there are chunks enough for faults
    that strike some. The number of events that was asked for instead of the drill's own is kept.
    """
    given, usual = drill.workload, catalogue()[drill.name].workload
    portions = max(given.portions, -(-FEWEST_CHUNKS // types))
    events = given.events if given.events != usual.events else EVENTS_A_PORTION * portions * types
    workload = replace(given, schemas=OF_PROJECT, shapes=(), conversions=True, events=events, portions=portions)
    return replace(drill, workload=workload)


def fits(drill: Drill, planned: Topology) -> bool:
    """Whether a drill is one of the basics, and shows on any event types what it shows on those of the ad stream."""
    if Tag.BASICS not in drill.tags and not drill.is_control:
        return False
    if NAMED.search(repr((drill.nemeses, drill.during, drill.after, drill.alarms))):
        return False
    if Tag.REFERENCE in drill.tags and not any(event.enrichment for event in planned.events):
        return False
    victim = routes(planned)[min(event.name for event in planned.events)].schema.definition
    is_padded = any(isinstance(one, CorruptCopies) and Damage.OVERSIZE in one.damages for one in drill.nemeses)
    return not is_padded or any(field["name"] == ATTRIBUTES for field in victim["fields"])


def stream(planned: Topology, n: int, seed: int, start: datetime, hours: float) -> Iterator[WorkloadEvent]:
    """Made-up events in time order: an ad stream where its event types are planned, else generated of those planned."""
    if has_ad_stream(planned.events[0].folder.parent):
        return synthetic.stream(n, seed, start, hours)
    definitions = {name: route.schema.definition for name, route in routes(planned).items()}
    return generated(n, seed, start, hours, definitions, bounds_of(planned))


def bounds_of(planned: Topology) -> Bounds:
    """What generated events keep to so that they land: keys of reference data, own code, and rules."""
    folder = planned.events[0].folder.parent
    rules = {
        event.name: [rule.model_dump(exclude_none=True) for rule in event.component.rules] for event in planned.events
    }
    if not any(event.has_own_code for event in planned.events):
        return Bounds(join_keys(planned))
    model, known = observer.model_of_schemas(planned, folder), routes(planned)

    def goes_on(event: WorkloadEvent) -> bool:
        words = known[event.event_type].schema.in_words(event.record)
        return model.fate(event.event_type, words) is Fate.GOES_ON

    return Bounds(join_keys(planned), rules, goes_on)


def join_keys(planned: Topology) -> dict[str, tuple[str, tuple[str, ...]]]:
    """By event type that is joined by one field, that and the keys of its reference data."""
    keys = {reference.name: _keys(reference) for reference in planned.references}
    return {
        event.name: (event.enrichment.on[0], keys.get(event.enrichment.reference, ()))
        for event in planned.events
        if event.enrichment is not None and len(event.enrichment.on) == 1
    }


def _keys(reference: ReferenceData) -> tuple[str, ...]:
    """The keys of a reference, which are texts; none of one in a database, and of a file that cannot be read."""
    if reference.file is None:
        return ()
    if reference.table is None:
        return tuple(_rows(_document(reference.file)))
    (name, *others), columns = reference.table.key, reference.table
    if others or columns.type_of(name).kind is not Kind.STRING:
        return ()
    try:
        _, data = snapshot_of(reference)
    except ConfigurationError:
        return ()
    return tuple(str(row[name]) for row in Snapshot(data).rows())


def _rows(document: Any) -> Mapping[str, Any]:
    rows = document.get("rows") if isinstance(document, dict) else None
    return rows if isinstance(rows, dict) else {}


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
