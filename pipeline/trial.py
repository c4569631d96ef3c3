"""The processor's work on single records in this process: for trying events before anything is deployed.

Schemas, reference data, own code and rules are those of the schema folder; the work is `pipeline.core.process`.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from wavetank.pipeline import package, topology
from wavetank.pipeline.avro.python_values import to_python
from wavetank.pipeline.components.reference_files import FileReferences
from wavetank.pipeline.core import decode, envelope, frame, own_code
from wavetank.pipeline.core.enrich import Enricher
from wavetank.pipeline.core.process import MINUTE_US, BatchContext, process, references_of
from wavetank.pipeline.core.schema import Role, parse
from wavetank.pipeline.enrichment import CODE_PACKAGE
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.records import Dropped, Rejection
from wavetank.pipeline.schemas.own_code import event_problems
from wavetank.pipeline.schemas.shared import SharedTypes
from wavetank.pipeline.topology import EventType, Topology


class Outcome(StrEnum):
    """What would become of a record."""

    PROCESSED = "processed"
    QUARANTINED = "quarantined"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What would become of a record: why, where it would not go on, and its fields as Python values, where it would.

    reason: of the quarantine, or of the drop. message: what is wrong, for people.
    """

    outcome: Outcome
    fields: Mapping[str, Any] | None = None
    reason: str = ""
    message: str = ""


class Trial:
    """The processor of an event type, as the schema folder has it."""

    def __init__(self, context: BatchContext) -> None:
        self._context = context

    def result(self, payload: bytes, arrived_us: int) -> TrialResult:
        """What would become of the bytes of a record that arrives then (microseconds since the epoch)."""
        outcome = process(envelope.unwrap(payload), self._context, arrived_us)
        if isinstance(outcome, Rejection):
            return TrialResult(Outcome.QUARANTINED, reason=outcome.reason, message=outcome.message)
        if isinstance(outcome, Dropped):
            return TrialResult(Outcome.DROPPED, reason=outcome.reason)
        target, opened = self._context.target, frame.decode(outcome.data)
        assert not isinstance(opened, Rejection)
        event = decode.decode(opened.body, target)
        assert not isinstance(event, Rejection)
        return TrialResult(Outcome.PROCESSED, to_python(event.fields, target.avro))


@contextmanager
def trial(planned: Topology, name: str, packages: Path) -> Iterator[Trial]:
    """The processor of an event type, for as long as the block lasts; `packages` is where its layer is built.

    Raises ConfigurationError for an event type that there is not, or whose own code or rules cannot be deployed, and
    UnusableCode where its code cannot be loaded here.
    """
    event = planned.event(name)
    if wrong := list(event_problems(event, planned)):
        raise ConfigurationError("\n".join(wrong))
    shared = SharedTypes.beside(event.folder)
    schemas = [
        parse(shared.self_contained(file.path.read_bytes()), name, Role(file.role), file.version)
        for file in event.schemas
    ]
    raw = {schema.fingerprint: schema for schema in schemas if schema.role is Role.RAW}
    newest = max((schema for schema in schemas if schema.role is Role.PROCESSED), key=lambda schema: schema.version)
    with _loaded(event, packages) as own:
        references = FileReferences(planned.references)
        enricher = Enricher(newest, event.enrichment, references_of(event.enrichment, own), references)
        bound_us = topology.FUTURE_BOUND_MINUTES * MINUTE_US
        yield Trial(BatchContext(schemas=raw, enricher=enricher, future_bound_us=bound_us, own=own))


@contextmanager
def _loaded(event: EventType, packages: Path) -> Iterator[own_code.OwnCode | None]:
    """The own code of an event type, laid out as in its package; it can be imported for as long as the block lasts."""
    if not event.has_own_code:
        yield None
        return
    with TemporaryDirectory(prefix="wavetank-trial-") as folder:
        for source in package.own_code(event):
            place = Path(folder, source.name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(source.read())
        before = list(sys.path)
        if event.has_packages:
            packages.mkdir(parents=True, exist_ok=True)
            sys.path.insert(0, str(package.unpacked(package.build_own_layer(packages, event))))
        sys.path.insert(0, folder)
        try:
            yield own_code.load(event.name, Path(folder))
        finally:
            sys.path[:] = before
            for module in [module for module in sys.modules if module.partition(".")[0] == CODE_PACKAGE]:
                del sys.modules[module]
