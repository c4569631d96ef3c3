"""The base that the shapes of a workload stand on: its seed, its times, and the schemas it is written with."""

import hashlib
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from typing import Any

from fastavro import parse_schema, schemaless_writer

from wavetank.scenarios.oracle.at_rest import HOUR_US
from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME, Value
from wavetank.scenarios.workload.synthetic import EventType, WorkloadEvent

SPACING_US = 7_000_003
"""Between two events whose time does not matter: some 500 of them fit in an hour, no two in one second."""


@dataclass(frozen=True)
class Base:
    """The base of one workload.

    start_us: the full hour, in microseconds since the epoch, at which it begins. schemas: by event type, the definition
    of the newest raw schema.
    """

    seed: int
    start_us: int
    schemas: Mapping[str, Mapping[str, Any]]

    @property
    def run(self) -> str:
        """A few characters that differ from seed to seed, for ids."""
        return hashlib.md5(f"shapes/{self.seed}".encode(), usedforsecurity=False).hexdigest()[:8]

    def rng(self, shape: str) -> random.Random:
        """The numbers of one shape."""
        return random.Random(f"{shape}/{self.seed}")  # noqa: S311 - repeatable, not secret

    def times(self) -> Iterator[int]:
        """Times within the first hour, over and over."""
        while True:
            yield from range(self.start_us + SPACING_US, self.start_us + HOUR_US, SPACING_US)

    def in_first_bucket(self, name: str) -> str:
        """An id that begins so, and whose hash is even: hours of a few events then have no more than one partition."""
        return next(
            f"{name}-{number}"
            for number in count()
            if hashlib.md5(f"{name}-{number}".encode(), usedforsecurity=False).digest()[3] % 2 == 0
        )

    def body_bytes(self, event_type: EventType, record: Mapping[str, Value]) -> int:
        """The size of a record in Avro's binary encoding, in the raw schema of its type."""
        out = BytesIO()
        schemaless_writer(out, parse_schema(dict(self.schemas[event_type])), record)
        return len(out.getvalue())


def event(
    event_type: EventType, event_id: str, time_us: int, fields: Mapping[str, Value] | None = None
) -> WorkloadEvent:
    """An event of these fields; those left out take the schema's defaults."""
    return WorkloadEvent(event_type, {EVENT_ID: event_id, EVENT_TIME: time_us, **(fields or {})})
