"""Events of whatever event types there are, drawn from their raw schemas. Pure.

The values are physical ones that have columns at rest, and the time is whole microseconds, as in every workload.
"""

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from wavetank.scenarios.oracle.at_rest import HOUR_US
from wavetank.scenarios.oracle.avro import type_of
from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME
from wavetank.scenarios.workload.generated.values import plain, value
from wavetank.scenarios.workload.synthetic import LISTED_CAMPAIGNS, UNLISTED_CAMPAIGNS, WorkloadEvent

CAMPAIGN = "campaign"
"""The field that reference data are joined with, where an event type has one."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def generated(
    n: int, seed: int, start: datetime, hours: float, schemas: Mapping[str, Mapping[str, Any]]
) -> list[WorkloadEvent]:
    """So many events in time order within [start, start + hours), of every type in `schemas`: its raw definition."""
    rng = random.Random(f"{seed}/{n}/{hours}")  # noqa: S311 - repeatable, not secret
    run = f"{rng.getrandbits(40):010x}"
    start_us = (start - _EPOCH) // timedelta(microseconds=1)
    types = {name: type_of(definition) for name, definition in sorted(schemas.items())}
    events = []
    for number in range(n):
        name = rng.choice(list(types)) if number >= len(types) else list(types)[number]
        record = plain(value(random.Random(f"{run}/{number}"), types[name]))  # noqa: S311
        record[EVENT_ID] = f"g-{run}-{number:07d}"
        record[EVENT_TIME] = start_us + int((number + rng.random()) * hours * HOUR_US / n)
        if CAMPAIGN in record:
            record[CAMPAIGN] = rng.choice((*LISTED_CAMPAIGNS, *UNLISTED_CAMPAIGNS))
        events.append(WorkloadEvent(name, record))
    return events
