"""Event types drawn by a seed: the versions of their raw and their processed schema, compatible or not.

All versions come of one list of fields and how these change from version to version, so that most can be read as one
another. Each field is drawn from a seed of its own: without some of them the others are the same, so that a failure can
be shrunk (`only`).
"""

import json
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME
from wavetank.scenarios.workload.generated.schemas import FIELD_NAMES, PARTITION_NAMES, Change, Types, written

MOST_VERSIONS = 3
LEVELS = ("BACKWARD_TRANSITIVE", "BACKWARD_TRANSITIVE", "BACKWARD_TRANSITIVE", "FULL_TRANSITIVE")
"""Levels at which the newest version reads whatever there is."""


@dataclass(frozen=True)
class EventSchemas:
    """The schemas of an event type: its raw and processed versions, the first one first; fields: numbers of its own.

    level: of compatibility, as `compatibility.json` has it.
    """

    name: str
    raw: tuple[Any, ...]
    processed: tuple[Any, ...]
    level: str
    fields: tuple[int, ...]

    def with_fields(self, *, raw: Sequence[Any], processed: Sequence[Any]) -> "EventSchemas":
        """The event type with more fields behind those of its own, in all versions."""

        def longer(documents: tuple[Any, ...], more: Sequence[Any]) -> tuple[Any, ...]:
            return tuple({**document, "fields": [*document["fields"], *more]} for document in documents)

        return replace(self, raw=longer(self.raw, raw), processed=longer(self.processed, processed))

    def write(self, folder: Path) -> Path:
        """Write them below the folder as a schema folder has them; the event type's folder."""
        place = folder / self.name
        place.mkdir(parents=True, exist_ok=True)
        for role, versions in (("raw", self.raw), ("processed", self.processed)):
            for number, document in enumerate(versions, 1):
                (place / f"{role}.v{number}.avsc").write_text(json.dumps(document), "utf-8")
        (place / "compatibility.json").write_text(json.dumps({"level": self.level}), "utf-8")
        return place


def event_schemas(
    seed: str | int,
    *,
    name: str = "generated",
    lawful: bool | None = None,
    versions: int | None = None,
    micros: bool = False,
    only: Collection[int] | None = None,
) -> EventSchemas:
    """The event type of a seed.

    lawful: whether all its types have columns at rest; None for whatever the seed says. micros: its time is in
    microseconds, and its processed form has every field of its raw form. only: the numbers of the fields that it is to
    have, None for all.
    """
    rng = _rng(f"{seed}/event type")
    lawful = rng.random() < 0.75 if lawful is None else lawful
    ages = versions or rng.choice((1, 1, 2, MOST_VERSIONS))
    count = rng.choice((0, 1, 2, 3, 4, 6, 10)) if rng.random() < 0.97 else 60
    names = _names(rng, count, lawful=lawful)
    fields: list[tuple[int, Any]] = []
    for number, field_name in enumerate(names):
        field = _field(_rng(f"{seed}/field {number}"), number, field_name, lawful=lawful, ages=ages)
        if only is None or number in only:
            fields.append((number, field))
    dropped = {number for number in range(count) if rng.random() < 0.1 and not micros}
    raw_ages = sorted(rng.sample(range(ages), rng.randint(1, ages)))
    processed_ages = sorted({*rng.sample(range(ages), rng.randint(1, ages)), ages - 1})
    time, at_rest = rng.choice(("micros", "micros", "millis")), rng.choice(("micros", "micros", "micros", "millis"))
    if micros:
        time = at_rest = "micros"
    leading = rng.random() < 0.8
    return EventSchemas(
        name=name,
        raw=tuple(
            _event("gen.Raw", time, [field for _, field in fields], age, leading=leading, tag=f"{seed}/raw/{age}")
            for age in raw_ages
        ),
        processed=tuple(
            _event(
                "gen.out.Processed",
                at_rest,
                [field for number, field in fields if number not in dropped],
                age,
                leading=leading,
                tag=f"{seed}/processed/{age}",
            )
            for age in processed_ages
        ),
        level=rng.choice(LEVELS),
        fields=tuple(number for number, _ in fields),
    )


def _field(rng: random.Random, number: int, name: str, *, lawful: bool, ages: int) -> Any:
    types = Types(rng, lawful, versions=ages, prefix=f"F{number}N")
    depth = rng.choice((1, 2, 3, 3)) if rng.random() < 0.95 else 12
    field = types.field(name, depth)
    if types.named and rng.random() < 0.5:
        # The same named types once more, in another place.
        field["type"] = {"type": "map", "values": rng.choice(types.named)} if rng.random() < 0.5 else field["type"]
    if ages > 1 and rng.random() < 0.15:
        field[Change.NAMES] = [name if age < ages - 1 else f"renamed_{number}" for age in range(ages)]
    if ages > 1 and rng.random() < 0.04:
        field[Change.SINCE] = 1
        field.pop(Change.DEFAULT, None)
    return field


def _names(rng: random.Random, count: int, *, lawful: bool) -> list[str]:
    known = [*FIELD_NAMES, *(f"field_{number}" for number in range(60))]
    if not lawful:
        known += [*PARTITION_NAMES, "Null", "value_"]
    names = rng.sample(known, min(count, len(known)))
    if not lawful:
        return names
    return [name if name.lower() not in map(str.lower, names[:at]) else f"{name}_{at}" for at, name in enumerate(names)]


def _event(name: str, unit: str, fields: Sequence[Any], age: int, *, leading: bool, tag: str) -> Any:
    time = {"type": "long", "logicalType": f"timestamp-{unit}"}
    own = [{"name": EVENT_ID, "type": "string"}, {"name": EVENT_TIME, "type": time}]
    every = [*own, *fields] if leading else [*fields, *own]
    document = {"type": "record", "name": name, "doc": tag, "fields": every}
    return written(document, age)


def _rng(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311 - repeatable, not secret
