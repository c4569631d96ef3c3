"""The infrastructure as frozen data, derived from the schema folder.

An event type is a folder under `schemas/` that holds `raw.v1.avsc` and `processed.v1.avsc` (and further
versions), and, if it is to be enriched, an `enrichment.json`. Its streams, functions and alarms follow from it.
The folders `reference` and `shared` are none.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from wavetank.pipeline import layout
from wavetank.pipeline.errors import ConfigurationError

PROJECT = "wavetank"
HASH_BUCKETS = 2
LOOK_BACK_HOURS = 12
CHUNK_GRACE_MINUTES = 10
FUTURE_BOUND_MINUTES = 60
"""An event whose time is so much after its arrival is quarantined."""
SHARDS = 2

CHUNK_BUFFER_MIB = 5
CHUNK_BUFFER_S = 60

EVENT_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
SCHEMA_FILE = re.compile(r"(?P<role>raw|processed)\.v(?P<version>[1-9]\d*)\.avsc")
REFERENCE_FOLDER = "reference"
SHARED_FOLDER = "shared"
"""Schemas of types that several event types use (`pipeline.schemas.shared`)."""

PARTITIONER = f"{PROJECT}-partitioner"
REPLAYER = f"{PROJECT}-replayer"
PLANNER = f"{PROJECT}-planner"
CONCATENATOR = f"{PROJECT}-concatenator"
RESCUER = f"{PROJECT}-rescuer"
CHUNK_TOPIC = f"{PROJECT}-chunks"
MERGE_QUEUE = f"{PROJECT}-merges"
DEAD_MERGES = f"{PROJECT}-merges-dead"


def data_bucket(account: str) -> str:
    """The bucket of chunks, parts, merged files and quarantine."""
    return f"{PROJECT}-data-{account}"


def registry_bucket(account: str) -> str:
    """The bucket of schemas and reference data."""
    return f"{PROJECT}-registry-{account}"


def artifacts_bucket(account: str) -> str:
    """The bucket the function packages and layers are deployed from."""
    return f"{PROJECT}-artifacts-{account}"


@dataclass(frozen=True, slots=True)
class Enrichment:
    """Join `on` (a field of the raw event) with the snapshot `reference`; take the columns `add`."""

    reference: str
    on: str
    add: tuple[str, ...]

    @classmethod
    def from_document(cls, document: object, where: str) -> "Enrichment":
        """Read `{"reference", "on", "add"}`; raises ConfigurationError naming `where` and the rule."""
        match document:
            case {"reference": str(reference), "on": str(on), "add": [*columns]} if columns and all(
                isinstance(column, str) for column in columns
            ):
                return cls(reference, on, tuple(map(str, columns)))
        raise ConfigurationError(
            f'{where}: an enrichment is {{"reference": name, "on": field, "add": [columns]}}, got {document!r}'
        )


@dataclass(frozen=True, slots=True)
class SchemaFile:
    """A version of a schema in the folder, and its key in the registry."""

    path: Path
    role: str
    version: int
    key: str


@dataclass(frozen=True, slots=True)
class EventType:
    """An event type and the names that follow from it."""

    name: str
    schemas: tuple[SchemaFile, ...]
    enrichment: Enrichment | None

    @property
    def folder(self) -> Path:
        """The folder of its schemas."""
        return self.schemas[0].path.parent

    @property
    def raw_stream(self) -> str:
        """The stream producers put on."""
        return f"{PROJECT}-{self.name}-raw"

    @property
    def processed_stream(self) -> str:
        """The stream of decoded and enriched events: the integration point."""
        return f"{PROJECT}-{self.name}-processed"

    @property
    def delivery_stream(self) -> str:
        """The Firehose that writes chunks."""
        return f"{PROJECT}-{self.name}"

    @property
    def processor(self) -> str:
        """The function between the two streams."""
        return f"{PROJECT}-{self.name}-processor"

    @property
    def chunk_prefix(self) -> str:
        """The folder of its chunks in the data bucket."""
        return layout.chunk_prefix(self.name)


@dataclass(frozen=True, slots=True)
class Topology:
    """Everything that is deployed, by event type; `references` are reference snapshots by name."""

    events: tuple[EventType, ...]
    references: tuple[Path, ...]

    @property
    def functions(self) -> tuple[str, ...]:
        """The names of all functions: a processor for each event type, then those that all types share."""
        processors = (event.processor for event in self.events)
        return (*processors, PARTITIONER, REPLAYER, PLANNER, CONCATENATOR, RESCUER)

    def event(self, name: str) -> EventType:
        """The event type of that name; raises ConfigurationError listing those there are."""
        for event in self.events:
            if event.name == name:
                return event
        names = ", ".join(event.name for event in self.events)
        raise ConfigurationError(f"no event type {name!r}; there are: {names}")


def event_type_of(raw_stream: str) -> str:
    """The name of the event type that a raw stream carries, by the name of the stream."""
    return raw_stream.removeprefix(f"{PROJECT}-").removesuffix("-raw")


def load(schemas: Path) -> Topology:
    """The topology of a schema folder; raises ConfigurationError naming the file and the rule it breaks."""
    if not schemas.is_dir():
        raise ConfigurationError(f"{schemas}: no such folder of schemas")
    folders = [folder for folder in sorted(schemas.iterdir()) if folder.is_dir()]
    others = (REFERENCE_FOLDER, SHARED_FOLDER)
    events = tuple(_event_type(folder) for folder in folders if folder.name not in others)
    version = next((path for path in (schemas / SHARED_FOLDER).glob("*") if SCHEMA_FILE.fullmatch(path.name)), None)
    if version is not None:
        raise ConfigurationError(
            f"{version}: the folder {SHARED_FOLDER} holds types that event types share and is none; rename it"
        )
    if not events:
        raise ConfigurationError(f"{schemas}: holds no event type; add a folder with raw.v1.avsc and processed.v1.avsc")
    names: dict[str, str] = {}
    for event in events:
        # Logical ids of the template are letters and digits: such two would be one there.
        other = names.setdefault(event.name.replace("-", ""), event.name)
        if other != event.name:
            raise ConfigurationError(f"event types {other} and {event.name} differ in hyphens alone: rename one")
    return Topology(events, tuple(sorted((schemas / REFERENCE_FOLDER).glob("*.json"))))


def _event_type(folder: Path) -> EventType:
    if not EVENT_NAME.fullmatch(folder.name):
        raise ConfigurationError(
            f"{folder}: an event type's name is lower-case letters, digits and hyphens, at most 32, from a letter"
        )
    files = []
    for path in sorted(folder.glob("*.avsc")):
        match = SCHEMA_FILE.fullmatch(path.name)
        if match is None:
            raise ConfigurationError(f"{path}: a schema file is named raw.v<N>.avsc or processed.v<N>.avsc")
        role, version = match["role"], int(match["version"])
        files.append(SchemaFile(path, role, version, layout.schema_key(folder.name, role, version)))
    for role in ("raw", "processed"):
        versions = sorted(file.version for file in files if file.role == role)
        if versions != list(range(1, len(versions) + 1)) or not versions:
            names = ", ".join(f"v{version}" for version in versions) or "none"
            raise ConfigurationError(f"{folder}: {role} schemas are numbered from v1 without a gap, found {names}")
    enrichment, path = None, folder / "enrichment.json"
    if path.exists():
        try:
            enrichment = Enrichment.from_document(json.loads(path.read_text()), str(path))
        except ValueError as error:
            raise ConfigurationError(f"{path}: not JSON: {error}") from error
    return EventType(folder.name, tuple(files), enrichment)
