"""Events of whatever event types there are, drawn from their raw schemas. Pure.

The values are physical ones that have columns at rest, and the time is whole microseconds, as in every workload.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from wavetank.scenarios.oracle.at_rest import HOUR_US
from wavetank.scenarios.oracle.avro import Type, type_of
from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME
from wavetank.scenarios.workload.generated.rules import Rule, keeping
from wavetank.scenarios.workload.generated.values import MalformedError, plain, value
from wavetank.scenarios.workload.rows import UnusableSourceError
from wavetank.scenarios.workload.synthetic import UNLISTED_CAMPAIGNS, WorkloadEvent

JoinKeys = Mapping[str, tuple[str, Sequence[str]]]
"""By event type that is enriched: the field it is joined by, and the keys of its reference data."""
MOST_DRAWS = 500
"""So often an event is drawn until its event type's own code and rules let it go on."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NothingGoesOnError(UnusableSourceError):
    """No event that is generated of an event type goes on."""


def _always(_event: WorkloadEvent) -> bool:
    return True


@dataclass(frozen=True)
class Bounds:
    """The bounds of what is generated: events that land, with fields that join reference data.

    joins: the keys of these. rules: of each event type that has some, those that its events keep. goes_on: whether the
    own code and the rules of its event type let an event go on.
    """

    joins: JoinKeys = MappingProxyType({})
    rules: Mapping[str, Sequence[Rule]] = field(default_factory=dict)
    goes_on: Callable[[WorkloadEvent], bool] = _always


UNBOUNDED = Bounds()


def generated(
    n: int,
    seed: int,
    start: datetime,
    hours: float,
    schemas: Mapping[str, Mapping[str, Any]],
    bounds: Bounds = UNBOUNDED,
) -> Iterator[WorkloadEvent]:
    """So many events in time order within [start, start + hours), of every type in `schemas`: its raw definition.

    Fields by which reference data are joined have keys of these, and some that none of them has. Raises
    NothingGoesOnError where no event of a type goes on.
    """
    rng = random.Random(f"{seed}/{n}/{hours}")  # noqa: S311 - repeatable, not secret
    run = f"{rng.getrandbits(40):010x}"
    start_us = (start - _EPOCH) // timedelta(microseconds=1)
    types = {name: type_of(definition) for name, definition in sorted(schemas.items())}
    for number in range(n):
        name = rng.choice(list(types)) if number >= len(types) else list(types)[number]
        own = {
            EVENT_ID: f"g-{run}-{number:07d}",
            EVENT_TIME: start_us + int((number + rng.random()) * hours * HOUR_US / n),
        }
        yield _drawn(f"{run}/{number}", name, types[name], own, bounds)


def _drawn(seed: str, name: str, avro: Type, own: Mapping[str, Any], bounds: Bounds) -> WorkloadEvent:
    """The first event of a seed that goes on; `own`: its id and time."""
    rules = {rule["field"]: rule for rule in bounds.rules.get(name, ()) if rule["field"] not in own}
    joined, keys = bounds.joins.get(name, ("", ()))
    is_joined = _takes_text(avro, joined)
    for draw in range(MOST_DRAWS):
        rng = random.Random(f"{seed}/{draw}")  # noqa: S311 - repeatable, not secret
        record = plain(value(rng, avro)) | own
        if is_joined:
            record[joined] = rng.choice((*keys, *UNLISTED_CAMPAIGNS))
        for column in avro["fields"]:
            field_name = column["name"]
            # Of the keys some may keep the rule, or none.
            if field_name in rules and record[field_name] is not None and (field_name != joined or draw % 2):
                with suppress(MalformedError):
                    record[field_name] = keeping(rng, rules[field_name], column["type"])
        event = WorkloadEvent(name, record)
        if bounds.goes_on(event):
            return event
    raise NothingGoesOnError(
        f"of {MOST_DRAWS} events generated of the schema of {name} none goes on by its own code and rules; take events "
        "of your own: `wavetank feed FILE --mapping NAME`, `wavetank drill --input FILE --mapping NAME`"
    )


def _takes_text(record: Type, name: str) -> bool:
    """Whether a field of a record may be a plain string."""
    types = [field["type"] for field in record["fields"] if field["name"] == name]
    branches = [branch for each in types for branch in (each["branches"] if each["type"] == "union" else [each])]
    return any(branch["type"] == "string" and not branch.get("logical") for branch in branches)
