"""Causes for which mistakes go unnoticed, and where in the pipeline the mistakes of each are.

A cause is a set of places: files, functions or paths of the template, and operators, each a pattern.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from types import MappingProxyType

from wavetank.scenarios.exploration.mutation.template import FILE


class Cause(StrEnum):
    """Why drills may fail to notice: what they are given has too little of it, or they do not ask."""

    VOLUME = "volume"
    VARIETY = "variety"
    INTERLEAVING = "interleaving"
    AGE = "age"
    AUTHORITY = "authority"
    HUNTER = "hunter"
    ORACLE = "oracle"


@dataclass(frozen=True)
class Place:
    """A set of mutations: `file` below `pipeline/`; `where` in it, a function or a path of the template; `operator`.

    Patterns as shells have them; a function is named with the classes and functions around it.
    """

    file: str
    where: str = "*"
    operator: str = "*"

    def __contains__(self, mutation: tuple[str, str, str]) -> bool:
        return all(map(fnmatchcase, mutation, (self.file, self.where, self.operator)))


PLACES: Mapping[Cause, tuple[Place, ...]] = MappingProxyType(
    {
        # Pages, batches, blocks, row groups, spills: what only a second one of its kind shows.
        Cause.VOLUME: (
            *(Place("aws/calls.py", name) for name in ("objects", "folders", "put_objects", "in_parallel", "mapped")),
            Place("aws/put_records.py"),
            Place("aws/partitions.py", "by_partition"),
            *(
                Place("handlers/planner.py", operator=operator)
                for operator in ("*number", "*loop", "lost-item", "removed*")
            ),
            Place("handlers/rescuer.py", "_records"),
            Place("core/bulk/merge.py"),
            Place("core/bulk/batch.py"),
            Place("core/files/*.py"),
        ),
        # Frames, schema versions, ids, times, values.
        Cause.VARIETY: (
            *(Place(f"core/{name}.py") for name in ("frame", "envelope", "deaggregate", "decode", "enrich")),
            *(Place(f"core/{name}.py") for name in ("partition", "route", "schema", "quarantine")),
            *(Place(f"core/bulk/{name}.py") for name in ("values", "fit", "digests", "parse", "bisect")),
            Place("avro/*.py"),
            Place("layout.py"),
            Place("records.py"),
        ),
        # State, conditions of writes, order of reads and writes.
        Cause.INTERLEAVING: (
            Place("aws/*.py", operator="dropped-condition"),
            Place("aws/*.py", operator="swapped-statements"),
            Place("aws/*.py", operator="swallowed-error"),
            Place("aws/calls.py", "State*"),
            *(Place("aws/calls.py", name) for name in ("replace", "tag", "head", "fetch")),
            Place("aws/left_out.py", "_fetched*"),
            *(Place("aws/plan.py", name) for name in ("_copied", "remove_landed", "move_to_late", "restore")),
            *(Place("aws/partitions.py", name) for name in ("refreshed_index", "save_index", "stored_index")),
            Place("handlers/*.py", operator="swapped-statements"),
            Place("handlers/*.py", operator="swallowed-error"),
            Place("handlers/concatenator.py"),
        ),
        # Look-back, grace, retention, life cycle, schedules.
        Cause.AGE: (
            Place("aws/environment.py", "hours_back"),
            Place("aws/environment.py", "time_of"),
            Place("aws/plan.py", "move_to_late"),
            Place("aws/partitions.py", "earlier"),
            Place("handlers/replayer.py", "_chunks"),
            *(Place(FILE, f"*{part}*") for part in ("LifecycleConfiguration", "Retention", "ScheduleExpression")),
            *(Place(FILE, f"*{part}*") for part in ("_HOURS", "_MINUTES", "MaximumRecordAge", "MaximumRetryAttempts")),
            *(Place(FILE, f"*{part}*") for part in ("VisibilityTimeout", "maxReceiveCount", "Alarm.", "StartingPos")),
        ),
        # Rights, who may call, what is open to others.
        Cause.AUTHORITY: tuple(
            Place(FILE, f"*{part}*")
            for part in ("Role", "Policy", "Invoke", "PublicAccessBlock", "Encrypt", "SqsManagedSse")
        ),
        # What hunts used not to reach: the template as a whole, and the back-fill.
        Cause.HUNTER: (Place(FILE, "*.*"), Place(FILE, operator="removed resource"), Place("handlers/backfill.py")),
        # Numbers that expectations could be taken from by mistake.
        Cause.ORACLE: (
            Place("topology.py", "", "*number"),
            *(Place("layout.py", "", operator) for operator in ("*number", "string")),
            Place(FILE, "*Environment.Variables.*"),
            Place("core/route.py", operator="*number"),
            Place("core/partition.py", operator="*number"),
        ),
    }
)


def causes_of(file: str, where: str, operator: str) -> frozenset[Cause]:
    """The causes that a mutation belongs to; none for many."""
    mutation = (file, where, operator)
    return frozenset(cause for cause, places in PLACES.items() if any(mutation in place for place in places))


def concerns(cause: Cause, file: str) -> bool:
    """Whether some mutations of a file may belong to a cause."""
    return any(fnmatchcase(file, place.file) for place in PLACES[cause])
