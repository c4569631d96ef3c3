"""Events of whatever event types there are, drawn from their raw schemas. Pure.

The values are physical ones that have columns at rest, and the time is whole microseconds, as in every workload.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from wavetank.scenarios.oracle.at_rest import HOUR_US
from wavetank.scenarios.oracle.avro import Type, type_of
from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME
from wavetank.scenarios.workload.generated.values import plain, value
from wavetank.scenarios.workload.synthetic import UNLISTED_CAMPAIGNS, WorkloadEvent

JoinKeys = Mapping[str, tuple[str, Sequence[str]]]
"""By event type that is enriched: the field it is joined by, and the keys of its reference data."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def generated(
    n: int,
    seed: int,
    start: datetime,
    hours: float,
    schemas: Mapping[str, Mapping[str, Any]],
    joins: JoinKeys = MappingProxyType({}),
) -> Iterator[WorkloadEvent]:
    """So many events in time order within [start, start + hours), of every type in `schemas`: its raw definition.

    Fields by which reference data are joined have keys of these, and some that none of them has.
    """
    rng = random.Random(f"{seed}/{n}/{hours}")  # noqa: S311 - repeatable, not secret
    run = f"{rng.getrandbits(40):010x}"
    start_us = (start - _EPOCH) // timedelta(microseconds=1)
    types = {name: type_of(definition) for name, definition in sorted(schemas.items())}
    for number in range(n):
        name = rng.choice(list(types)) if number >= len(types) else list(types)[number]
        record = plain(value(random.Random(f"{run}/{number}"), types[name]))  # noqa: S311
        record[EVENT_ID] = f"g-{run}-{number:07d}"
        record[EVENT_TIME] = start_us + int((number + rng.random()) * hours * HOUR_US / n)
        field, keys = joins.get(name, ("", ()))
        if field in record and _takes_text(types[name], field):
            record[field] = rng.choice((*keys, *UNLISTED_CAMPAIGNS))
        yield WorkloadEvent(name, record)


def _takes_text(record: Type, name: str) -> bool:
    """Whether a field of a record may be a plain string."""
    field = next(field["type"] for field in record["fields"] if field["name"] == name)
    branches = field["branches"] if field["type"] == "union" else [field]
    return any(branch["type"] == "string" and not branch.get("logical") for branch in branches)
