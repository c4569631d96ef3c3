"""The infrastructure as frozen data, derived from the schema folder of a project.

An event type is a folder under `schemas/` that holds `raw.v1.avsc` and `processed.v1.avsc` (and further
versions), and, if it is to be enriched, an `enrichment.json` and its own code; what is set for it alone is in
`component.toml`. Its
streams, functions and alarms follow from it. The folders `reference` and `shared` are none. What a project sets for all
of them, and its stages, are in `wavetank.toml` beside the folder (`pipeline.components`).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wavetank.pipeline import layout
from wavetank.pipeline.components.code import CodeFiles, code_files
from wavetank.pipeline.components.model import Component, ProjectFile
from wavetank.pipeline.components.read import ReadComponent, default_component, read_component, read_project
from wavetank.pipeline.components.references import Database, ReferenceData, databases_of, read_references
from wavetank.pipeline.components.requirements import REQUIREMENTS
from wavetank.pipeline.enrichment import Enrichment
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.names import DASHBOARDS, Names

CHUNK_GRACE_MINUTES = 10
FUTURE_BOUND_MINUTES = 60
"""An event whose time is so much after its arrival is quarantined."""
LONGEST_FUNCTION_NAME = 64
"""Lambda API reference, CreateFunction."""
LONGEST_RULE_NAME = 64
"""EventBridge API reference, PutRule."""

EVENT_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
SCHEMA_FILE = re.compile(r"(?P<role>raw|processed)\.v(?P<version>[1-9]\d*)\.avsc")
REFERENCE_FOLDER = "reference"


@dataclass(frozen=True, slots=True)
class SchemaFile:
    """A version of a schema in the folder, and its key in the registry."""

    path: Path
    role: str
    version: int
    key: str


@dataclass(frozen=True, slots=True)
class EventType:
    """An event type, what is set for it, and the names that follow from it."""

    name: str
    schemas: tuple[SchemaFile, ...]
    enrichment: Enrichment | None
    settings: ReadComponent
    names: Names
    code: CodeFiles | None = None
    """Its own code; None where it has none."""

    @property
    def has_packages(self) -> bool:
        """Whether its own code needs packages, which are a layer of its processor alone."""
        return self.code is not None and (self.folder / REQUIREMENTS).is_file()

    @property
    def has_own_code(self) -> bool:
        """Whether its processor has code or rules that no other has, and so a package of its own."""
        return self.code is not None or bool(self.component.rules)

    @property
    def references(self) -> tuple[str, ...]:
        """The references that it uses: that of its join, and those of its own code."""
        names = set(self.code.references) if self.code else set[str]()
        return tuple(sorted(names | {self.enrichment.reference} if self.enrichment else names))

    @property
    def component(self) -> Component:
        """What is set for it."""
        return self.settings.component

    @property
    def folder(self) -> Path:
        """The folder of its schemas."""
        return self.schemas[0].path.parent

    @property
    def raw_stream(self) -> str:
        """The stream producers put on."""
        return self.names.raw_stream(self.name)

    @property
    def processed_stream(self) -> str:
        """The stream of decoded and enriched events: the integration point."""
        return self.names.processed_stream(self.name)

    @property
    def delivery_stream(self) -> str:
        """The Firehose that writes chunks."""
        return self.names.delivery_stream(self.name)

    @property
    def processor(self) -> str:
        """The function between the two streams."""
        return self.names.processor(self.name)

    @property
    def chunk_prefix(self) -> str:
        """The folder of its chunks in the data bucket."""
        return layout.chunk_prefix(self.name)


@dataclass(frozen=True, slots=True)
class Topology:
    """Everything that is deployed, by event type; `references` are the reference data by name.

    stage: the name of the stage, None for the default one. departed: event types that were deployed and are not in the
    folder any more, with their settings, which hold for what is on their streams and at rest.
    """

    events: tuple[EventType, ...]
    references: tuple[ReferenceData, ...]
    project: ProjectFile
    stage: str | None
    names: Names
    departed: Mapping[str, Component] = field(default_factory=dict)

    @property
    def functions(self) -> tuple[str, ...]:
        """The names of all functions: a processor for each event type, then those that all types share."""
        processors = (event.processor for event in self.events)
        names = self.names
        dumpers = (names.dumper(database.name) for database in self.databases)
        shared = (names.partitioner, names.replayer, names.planner, names.concatenator, names.rescuer)
        return (*processors, *shared, *dumpers)

    @property
    def databases(self) -> tuple[Database, ...]:
        """The databases that references are read from, each by a function of its own."""
        return databases_of(self.references)

    def reference(self, name: str) -> ReferenceData:
        """The reference of that name; raises ConfigurationError listing those there are."""
        for reference in self.references:
            if reference.name == name:
                return reference
        there = ", ".join(reference.name for reference in self.references) or "none"
        raise ConfigurationError(f"no reference {name!r} in {REFERENCE_FOLDER}/; there are: {there}")

    @property
    def default(self) -> Component:
        """What is set for an event type that sets nothing itself, and for what all share."""
        return default_component(self.project, self.stage)

    def event(self, name: str) -> EventType:
        """The event type of that name; raises ConfigurationError listing those there are."""
        for event in self.events:
            if event.name == name:
                return event
        names = ", ".join(event.name for event in self.events)
        raise ConfigurationError(f"no event type {name!r}; there are: {names}")


def load(schemas: Path, stage: str | None = None) -> Topology:
    """The topology of a schema folder for a stage; raises ConfigurationError naming the file and the rule it breaks.

    The project's file is the `wavetank.toml` beside the folder; without one, all is by default.
    """
    if not schemas.is_dir():
        raise ConfigurationError(f"{schemas}: no such folder of schemas")
    project, names = read_project(schemas.parent), Names.of_stage(stage)
    project.stage(stage)
    folders = [folder for folder in sorted(schemas.iterdir()) if folder.is_dir()]
    others = (REFERENCE_FOLDER, layout.SHARED_FOLDER)
    events = tuple(
        _event_type(folder, names, read_component(folder, project, stage))
        for folder in folders
        if folder.name not in others
    )
    version = next(
        (path for path in (schemas / layout.SHARED_FOLDER).glob("*") if SCHEMA_FILE.fullmatch(path.name)), None
    )
    if version is not None:
        raise ConfigurationError(
            f"{version}: the folder {layout.SHARED_FOLDER} holds types that event types share and is none; rename it"
        )
    if not events:
        raise ConfigurationError(f"{schemas}: holds no event type; add a folder with raw.v1.avsc and processed.v1.avsc")
    logical: dict[str, str] = {}
    for event in events:
        # Logical ids of the template are letters and digits: such two would be one there.
        other = logical.setdefault(event.name.replace("-", ""), event.name)
        if other != event.name:
            raise ConfigurationError(f"event types {other} and {event.name} differ in hyphens alone: rename one")
    _check_names(events, project)
    references = read_references(schemas / REFERENCE_FOLDER)
    planned = Topology(events, references, project=project, stage=stage, names=names)
    _check_databases(planned)
    return planned


def _check_databases(planned: Topology) -> None:
    """Raise ConfigurationError for databases and references whose names others have, or that are too long."""
    events = {event.name for event in planned.events}
    logical: dict[str, str] = {}
    for database in planned.databases:
        rule = planned.names.rule(planned.names.dumper(database.name))
        if len(rule) > LONGEST_RULE_NAME:
            raise ConfigurationError(
                f"database {database.name}: the name of its schedule, {rule}, is longer than the {LONGEST_RULE_NAME} "
                "characters that EventBridge takes; shorten it, or the name of the stage"
            )
        for stage in planned.project.stages:
            if database.name == stage or database.name.startswith(f"{stage}-"):
                raise ConfigurationError(
                    f"database {database.name}: its names would be those of stage {stage}; rename one of them"
                )
        if f"{database.name}-dumper" in events:
            raise ConfigurationError(
                f"database {database.name}: its function would be named as the event type {database.name}-dumper is; "
                "rename one of them"
            )
        # Logical ids of the template are letters and digits: such two would be one there.
        for kind, name in (("database", database.name), *(("reference", each.name) for each in database.references)):
            other = logical.setdefault(f"{kind} {re.sub('[-_]', '', name)}", name)
            if other != name:
                raise ConfigurationError(f"{kind}s {other} and {name} differ in hyphens and _ alone: rename one")


def _check_names(events: Sequence[EventType], project: ProjectFile) -> None:
    """Raise ConfigurationError for names of an event type or stage that something else has, or too long for Lambda."""
    reserved = re.compile(rf"{DASHBOARDS}(-\d+)?")
    for name in (*project.stages, *(event.name for event in events)):
        if reserved.fullmatch(name):
            raise ConfigurationError(
                f"{name}: no event type or stage can be called so, as stacks of dashboards are; rename it"
            )
    for event in events:
        for stage in project.stages:
            if event.name == stage or event.name.startswith(f"{stage}-"):
                raise ConfigurationError(
                    f"event type {event.name}: its names would be those of stage {stage}; rename one of them"
                )
        if len(event.processor) > LONGEST_FUNCTION_NAME:
            raise ConfigurationError(
                f"event type {event.name}: the name of its function, {event.processor}, is longer than the "
                f"{LONGEST_FUNCTION_NAME} characters that Lambda takes; shorten it, or the name of the stage"
            )


def _event_type(folder: Path, names: Names, settings: ReadComponent) -> EventType:
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
            there = ", ".join(f"v{version}" for version in versions) or "none"
            raise ConfigurationError(f"{folder}: {role} schemas are numbered from v1 without a gap, found {there}")
    enrichment, path = None, folder / "enrichment.json"
    if path.exists():
        try:
            enrichment = Enrichment.from_document(json.loads(path.read_text()), str(path))
        except ValueError as error:
            raise ConfigurationError(f"{path}: not JSON: {error}") from error
    return EventType(folder.name, tuple(files), enrichment, settings, names, code_files(folder))
