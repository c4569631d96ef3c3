"""The sources of references in a database: what its dumper reads, how often, and within which bounds.

The package of a dumper has them as `wavetank_references/<database>.json` (`pipeline.package`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any, Self

from wavetank.pipeline.reference.table import Table

PACKAGE = "wavetank_references"
"""The folder of a function's package that has the sources, a document for each database."""
MIB = 1024 * 1024

RUN_S = 300
"""The time-out of a dumper: so long a run may take over all references of its database."""
LEASE_S = RUN_S + 60
"""A run holds its lease for longer than it can live: a run that was killed has no connection any more when the next one
takes the lease, though the server may need a while to notice that a client is gone."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of a dump: rows and bytes of the snapshot, seconds of its statement, and how far it may shrink."""

    rows: int
    bytes: int
    statement_s: int
    shrink_percent: int


@dataclass(frozen=True, slots=True)
class Source:
    """A reference in a database: its columns, the table or the query that they are read by, and how often."""

    name: str
    table: Table
    relation: str | None
    """The name of the table, with or without its schema; None where there is a query."""
    query: str | None
    every_s: int
    limits: Limits

    def to_document(self) -> dict[str, Any]:
        """The source as JSON has it; `from_document` gives it back."""
        limits = self.limits
        return {
            "name": self.name,
            "table": self.table.to_document(),
            "relation": self.relation,
            "query": self.query,
            "every_s": self.every_s,
            "limits": [limits.rows, limits.bytes, limits.statement_s, limits.shrink_percent],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The source that `to_document` wrote."""
        return cls(
            document["name"],
            Table.from_document(document["table"]),
            document["relation"],
            document["query"],
            document["every_s"],
            Limits(*document["limits"]),
        )


def tick_s(sources: Sequence[Source]) -> int:
    """The time between two ticks of a dumper: with each of its references due at every so many of them."""
    return gcd(*(source.every_s for source in sources))


def to_json(sources: Sequence[Source]) -> bytes:
    """The document of a database; `from_json` gives its sources back."""
    return json.dumps([source.to_document() for source in sources], sort_keys=True).encode()


def from_json(text: str | bytes) -> tuple[Source, ...]:
    """The sources in a document that `to_json` wrote."""
    return tuple(Source.from_document(each) for each in json.loads(text))
