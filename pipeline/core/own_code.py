"""An event type's own code at work: `enrich` of its enrich.py, and the rules of its component.

Both are in the package of its processor alone, as `wavetank_components/<event>/` (`pipeline.package`):

    component.json   {"rules": [...], "references": [...], "enrich": true}
    enrich.py        and whatever modules stand beside it

What cannot be loaded is an outage, not a fault of the data: batches wait on their stream until it is mended. What
`enrich` raises, and a result that does not fit, are faults of one event. What is no `Exception` (SystemExit,
KeyboardInterrupt), and memory that is used up, end the invocation as Lambda has it.
"""

import json
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import wavetank
from wavetank.pipeline.avro import storable
from wavetank.pipeline.avro.events import AS_OF_FIELD, ID_FIELD, TIME_FIELD, has_as_of
from wavetank.pipeline.avro.model import Field, Record
from wavetank.pipeline.avro.python_values import Misfit, shown, to_python, to_wire
from wavetank.pipeline.avro.rules import Check, UnfitRule, breach, checks_of
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.enrichment import CODE_DOCUMENT, CODE_PACKAGE, Drop, Reference
from wavetank.pipeline.errors import RetryLater
from wavetank.pipeline.records import Dropped, Fields, Reason, Rejection

MOST_FRAMES = 5
LONGEST_ERROR = 300
LONGEST_LINE = 100
"""Characters of an exception's text, and of a line of code, that are kept."""
KEPT: Mapping[str, str] = {
    ID_FIELD: "an event keeps its identity",
    TIME_FIELD: "an event keeps its identity",
    AS_OF_FIELD: "it says as of when the event was enriched",
}
"""The fields that an event type's own code leaves as they are, and why."""
UNSTATED = "unstated"
"""The reason of an event that was dropped by returning None."""

Enrich = Callable[[dict[str, Any], Reference], object]


class UnusableCode(RetryLater):
    """An event type's own code cannot be loaded: its events wait until it is mended."""


@dataclass(frozen=True, slots=True)
class OwnCode:
    """An event type's own code: `enrich` is None where it has rules alone. `folder`: where its modules are."""

    folder: Path
    enrich: Enrich | None = None
    rules: tuple[Mapping[str, Any], ...] = ()
    references: tuple[str, ...] = ()
    _checks: dict[bytes, tuple[Check, ...]] = field(default_factory=dict)

    def checks(self, target: Schema) -> tuple[Check, ...]:
        """Its rules on events of a schema. Raises UnusableCode where one does not fit it."""
        if target.fingerprint not in self._checks:
            try:
                self._checks[target.fingerprint] = checks_of(self.rules, target.avro)
            except UnfitRule as error:
                raise UnusableCode(f"{target.key}: {error}") from error
        return self._checks[target.fingerprint]


def load(event_type: str, root: Path = Path(wavetank.__file__).parents[1]) -> OwnCode:
    """The own code of an event type, from the package in `root`, which is on the path of imports.

    Raises UnusableCode, with the error and its place, where it cannot be loaded.
    """
    folder = root / CODE_PACKAGE / event_type
    try:
        document = json.loads((folder / CODE_DOCUMENT).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UnusableCode(f"the package of this function lacks the code of {event_type}: {error}") from error
    enrich = None
    if document["enrich"]:
        try:
            enrich = import_module(f"{CODE_PACKAGE}.{event_type}.enrich").enrich
        except Exception as error:
            raise UnusableCode(f"{event_type}/enrich.py cannot be loaded: {_told(error, folder)}") from error
    return OwnCode(folder, enrich, tuple(document["rules"]), tuple(document["references"]))


def applied(
    fields: Fields, own: OwnCode, reference: Reference, target: Schema, arrived_us: int
) -> dict[str, Any] | Rejection | Dropped:
    """The fields of an event as they go on: enriched by its event type's own code, and kept to its rules.

    Raises UnusableCode where a rule does not fit the schema.
    """
    event_id = fields[ID_FIELD]
    checks = own.checks(target)
    values = to_python(fields, target.avro)
    written = dict(fields)
    if own.enrich is not None:
        try:
            result = own.enrich(values, reference)
        except MemoryError:
            raise
        except Exception as error:
            return Rejection(Reason.ENRICHMENT_RAISED, _told(error, own.folder), event_id)
        if result is None or isinstance(result, Drop):
            return Dropped(result.reason if isinstance(result, Drop) else UNSTATED)
        try:
            written = _fitting(result, target, fields)
        except Misfit as misfit:
            return Rejection(
                Reason.ENRICHMENT_FAILED, f"enrich returned what does not fit {target.key}: {misfit}", event_id
            )
        values = to_python(written, target.avro)
    if (broken := breach(values, checks, arrived_us)) is not None:
        return Rejection(Reason.INVALID, broken, event_id)
    return written


def _fitting(result: object, target: Schema, given: Fields) -> dict[str, Any]:
    """The fields that `enrich` returned for those it was given, as they are encoded. Raises Misfit."""
    if not isinstance(result, dict):
        raise Misfit(f"{shown(type(result).__name__)} is no dict of fields, no Drop and not None")
    written = to_wire(result, target.avro)
    for name in _kept(target.avro):
        if written[name] != given[name]:
            raise Misfit(f"{name} is {shown(written[name])} and was {shown(given[name])}: {KEPT[name]}")
    misfit = next(storable.field_misfits(written, _restricted(target.avro)), None)
    if misfit is not None:
        raise Misfit(str(misfit))
    return written


@lru_cache(256)
def _kept(avro: Record) -> Sequence[str]:
    """The fields of a schema that own code leaves as they are."""
    return [name for name in KEPT if name != AS_OF_FIELD or has_as_of(avro)]


@lru_cache(256)
def _restricted(avro: Record) -> Sequence[Field]:
    return [part for part in avro.fields if part.name != TIME_FIELD and storable.is_restricted(part.type)]


def _told(error: Exception, folder: Path) -> str:
    """An exception for people: its type and text, and the last places in the team's own modules where it came by."""
    try:
        text = str(error)
    except Exception:
        text = "its text cannot be had"
    lines = [f"{type(error).__name__}: {text[:LONGEST_ERROR]}"]
    if isinstance(error, SyntaxError) and error.filename:
        lines.append(f"  {Path(error.filename).name}, line {error.lineno}")
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(folder)
    ]
    for frame in frames[-MOST_FRAMES:]:
        place = Path(frame.filename).relative_to(folder)
        lines.append(f"  {place}, line {frame.lineno}, in {frame.name}: {(frame.line or '').strip()[:LONGEST_LINE]}")
    return "\n".join(lines)
