"""What reference data add to a stage: the runs of dumpers, and what processors ask the registry for. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wavetank.pipeline.reference.source import MIB, tick_s
from wavetank.pipeline.topology import EventType, Topology

LEASE_READS, LEASE_WRITES = 1, 2
"""Requests for a lease: it is read, taken and given back."""


@dataclass(frozen=True, slots=True)
class Dumper:
    """The function that reads a database: its runs are `every_s` apart, and it reads so many references.

    secret: the name of it. largest_mib: the largest snapshot that it may write.
    """

    secret: str
    every_s: int
    references: int
    largest_mib: int

    @property
    def runs(self) -> float:
        """Runs a second."""
        return 1 / self.every_s

    @property
    def gets(self) -> float:
        """GET requests a run: the index and the heartbeat of each reference, and the lease."""
        return 2 * self.references + LEASE_READS

    @property
    def puts(self) -> float:
        """PUT requests a run, where nothing has changed: the heartbeat of each reference, and the lease."""
        return self.references + LEASE_WRITES


@dataclass(frozen=True, slots=True)
class ReferenceUse:
    """The use of reference data in a stage: dumpers by database, and by event type how many references it asks for."""

    dumpers: Mapping[str, Dumper] = field(default_factory=dict)
    asked: Mapping[str, int] = field(default_factory=dict)


def reference_use(deployed: Topology) -> ReferenceUse:
    """The use of reference data that a project has configured."""
    dumpers = {
        database.name: Dumper(
            secret=database.secret,
            every_s=tick_s(database.sources),
            references=len(database.sources),
            largest_mib=max(source.limits.bytes for source in database.sources) // MIB,
        )
        for database in deployed.databases
    }
    return ReferenceUse(dumpers, {event.name: len(references_of(event)) for event in deployed.events})


def references_of(event: EventType) -> frozenset[str]:
    """The names of the references that an event type is enriched with: that of its join, and those of its own code."""
    joined = () if event.enrichment is None else (event.enrichment.reference,)
    return frozenset((*joined, *(() if event.code is None else event.code.references)))
