"""Schema folders of generated event types, to deploy from: the same for the same seed.

All of their types have columns at rest, so that every event can land; one event type is enriched as clicks are.
"""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from wavetank.pipeline import topology
from wavetank.pipeline.schemas.checks import check_event
from wavetank.pipeline.topology import REFERENCE_FOLDER
from wavetank.scenarios.workload.generated.chains import event_schemas

NAMES = ("gen-a", "gen-b", "gen-c")
ENRICHED, MODEL = NAMES[0], "click"
"""The event type that is enriched, and the one whose enrichment it has."""
AS_OF = "enriched_as_of"
FEWEST_FIELDS = 3
"""Fields of its own that an event type has."""
ATTRIBUTES = {"name": "attributes", "type": {"type": "map", "values": "string"}, "default": {}}
"""Every event type has it: an event is made as large as wanted by it."""
_SPECIFICATION = re.compile(r"generated:(\d{1,18})", re.ASCII)


class UnusableSpecificationError(ValueError):
    """A text that says no generated schemas."""


def seed_of(specification: str) -> int:
    """The seed in `generated:SEED`. Raises UnusableSpecificationError."""
    match = _SPECIFICATION.fullmatch(specification)
    if match is None:
        raise UnusableSpecificationError(
            f"{specification!r:.40} is not generated or generated:SEED, SEED a whole number"
        )
    return int(match[1])


@contextmanager
def schema_folder(specification: str, usual: Path) -> Iterator[Path]:
    """The folder that the pipeline is deployed from, while the block lasts: `usual` without a specification.

    Raises UnusableSpecificationError.
    """
    if not specification:
        yield usual
        return
    seed = seed_of(specification)
    with TemporaryDirectory(prefix="wavetank-schemas-") as folder:
        write(seed, Path(folder), usual)
        yield Path(folder)


def write(seed: int, folder: Path, usual: Path) -> None:
    """Write event types that the gate accepts to a folder; reference data and the enrichment are those of `usual`."""
    shutil.copytree(usual / REFERENCE_FOLDER, folder / REFERENCE_FOLDER)
    for name in NAMES:
        more: list[list[Any]] = [[ATTRIBUTES], [ATTRIBUTES]]
        if name == ENRICHED:
            text = (usual / MODEL / "enrichment.json").read_text("utf-8")
            rule = json.loads(text)
            columns = json.loads(_newest(usual / MODEL).read_text("utf-8"))["fields"]
            added = {*rule["add"], AS_OF}
            more[0].append({"name": rule["on"], "type": "string"})
            more[1] += [more[0][-1], *(column for column in columns if column["name"] in added)]
        for attempt in count():
            schemas = event_schemas(f"{seed}/{name}/{attempt}", name=name, lawful=True, versions=1, micros=True)
            place = schemas.with_fields(raw=more[0], processed=more[1]).write(folder)
            if name == ENRICHED:
                (place / "enrichment.json").write_text(text, "utf-8")
            if len(schemas.fields) >= FEWEST_FIELDS and _is_usable(folder, name):
                break
            shutil.rmtree(place)


def _newest(folder: Path) -> Path:
    """The newest processed schema of an event type's folder."""
    return max(folder.glob("processed.v*.avsc"), key=lambda path: int(path.stem.rpartition("v")[2]))


def _is_usable(folder: Path, name: str) -> bool:
    """Whether the gate accepts it, and a producer's library: fastavro refuses some defaults that are right."""
    from fastavro import parse_schema
    from fastavro.schema import SchemaParseException

    event = topology.load(folder).event(name)
    try:
        for file in event.schemas:
            parse_schema(json.loads(file.path.read_text("utf-8")))
    except SchemaParseException:
        return False
    return not check_event(event, {})
