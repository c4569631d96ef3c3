"""The pipeline's own metrics: which function reports each, and the field of its log line that it is taken from. Pure.

A function writes one line of JSON an invocation and event type (`INVOCATION`), and one for each reason for which events
were set aside or dropped (`SET_ASIDE`, `DROPPED`). Metric filters of the template make metrics of their fields; no
function calls PutMetricData. What reads metrics (alarms, dashboards, drills) reads this table.

Source: CloudWatch Logs user guide, "Creating metrics from log events using filters", "Filter pattern syntax for metric
filters": at most three dimensions, each a field of the line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

INVOCATION, SET_ASIDE, DROPPED = "invocation", "set-aside", "dropped"
"""The messages (`message`) of the lines that metrics are taken from."""


class Dimension(StrEnum):
    """The dimensions of the metrics."""

    EVENT_TYPE = "EventType"
    FUNCTION = "FunctionName"
    REASON = "Reason"
    REFERENCE = "Reference"


FIELDS: Mapping[Dimension, str] = {
    Dimension.EVENT_TYPE: "event_type",
    Dimension.FUNCTION: "function",
    Dimension.REASON: "reason",
    Dimension.REFERENCE: "reference",
}
"""The field of a line that has a dimension's value."""


class Handler(StrEnum):
    """The functions, by the module of `pipeline.handlers` that each runs."""

    PROCESSOR = "processor"
    PARTITIONER = "partitioner"
    REPLAYER = "replayer"
    PLANNER = "planner"
    CONCATENATOR = "concatenator"
    RESCUER = "rescuer"
    DUMPER = "dumper"


class Unit(StrEnum):
    """Units of CloudWatch."""

    COUNT = "Count"
    BYTES = "Bytes"
    SECONDS = "Seconds"
    PERCENT = "Percent"


class Statistic(StrEnum):
    """How the values of a period are read as one."""

    SUM = "Sum"
    MAXIMUM = "Maximum"
    AVERAGE = "Average"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: a number in the field `field` of the lines `message` of these functions.

    meaning: what one value says, in words for dashboards and the runbook.
    """

    name: str
    field: str
    handlers: tuple[Handler, ...]
    meaning: str
    unit: Unit = Unit.COUNT
    statistic: Statistic = Statistic.SUM
    dimensions: tuple[Dimension, ...] = (Dimension.EVENT_TYPE,)
    message: str = INVOCATION


_PROCESSOR, _PARTITIONER, _REPLAYER = (Handler.PROCESSOR,), (Handler.PARTITIONER,), (Handler.REPLAYER,)
_PLANNER, _CONCATENATOR, _RESCUER = (Handler.PLANNER,), (Handler.CONCATENATOR,), (Handler.RESCUER,)
_DUMPER, _OF_REFERENCE = (Handler.DUMPER,), (Dimension.REFERENCE,)
_SETTING_ASIDE = _PROCESSOR + _PARTITIONER + _CONCATENATOR + _RESCUER

RECEIVED = Metric("Received", "received", _PROCESSOR, "records taken from the raw stream, those of aggregates each")
RECEIVED_BYTES = Metric("ReceivedBytes", "bytes", _PROCESSOR, "bytes of these records", Unit.BYTES)
PROCESSED = Metric("Processed", "processed", _PROCESSOR, "events put on the processed stream")
OLDEST_AGE = Metric(
    "OldestAge", "oldest_age_s", _PROCESSOR, "age of the oldest record at its start", Unit.SECONDS, Statistic.MAXIMUM
)
TIME_TO_DURABLE = Metric(
    "TimeToDurable",
    "time_to_durable_s",
    _PROCESSOR,
    "from the arrival of the oldest record until all of its batch was durable again",
    Unit.SECONDS,
    Statistic.MAXIMUM,
)
LOOK_UPS = Metric("LookUps", "look_ups", _PROCESSOR, "events that were joined with reference data by a key")
MISSES = Metric("Misses", "misses", _PROCESSOR, "of these, those for whose key there was no row")
PARTITIONED = Metric("Partitioned", "events", _PARTITIONER, "events of chunks that were written as parts")
CHUNKS = Metric("Chunks", "chunks", _PARTITIONER, "chunks that were partitioned")
CHUNK_BYTES = Metric("ChunkBytes", "bytes", _PARTITIONER, "bytes of these chunks", Unit.BYTES)
CHUNK_AGE = Metric(
    "ChunkAge",
    "chunk_age_s",
    _PARTITIONER,
    "from the writing of a chunk until it was partitioned",
    Unit.SECONDS,
    Statistic.MAXIMUM,
)
PARTS = Metric("Parts", "parts", _PARTITIONER, "parts that were written")
REPLAYED = Metric("Replayed", "replayed", _REPLAYER, "chunks without a tag that were announced again")
UNTAGGED_AGE = Metric(
    "UntaggedAge",
    "untagged_age_s",
    _REPLAYER,
    "age of the oldest chunk without a tag",
    Unit.SECONDS,
    Statistic.MAXIMUM,
)
PLANNED = Metric("Planned", "planned", _PLANNER, "partitions that were queued to be merged")
LATE = Metric("Late", "late", _PLANNER, "events that came after the look-back and were put aside")
LATE_PARTS = Metric("LateParts", "late_parts", _PLANNER, "parts that came after the look-back and were put aside")
DEAD_MERGES = Metric(
    "DeadMerges", "dead", _PLANNER, "merges that were given up", statistic=Statistic.MAXIMUM, dimensions=()
)
MERGES = Metric("Merges", "merges", _CONCATENATOR, "partitions that were merged and changed")
MERGED = Metric("Merged", "merged", _CONCATENATOR, "events of the merged files that were written")
DUPLICATES_REMOVED = Metric("DuplicatesRemoved", "duplicates_removed", _CONCATENATOR, "copies that were left out")
MERGED_BYTES = Metric("MergedBytes", "bytes", _CONCATENATOR, "bytes of the merged files", Unit.BYTES)
MERGE_TIME = Metric(
    "MergeTime", "merge_s", _CONCATENATOR, "the longest time that a merge took", Unit.SECONDS, Statistic.MAXIMUM
)
FAILED_MERGES = Metric("FailedMerges", "failed", _CONCATENATOR, "merges that failed and come again")
RESCUED = Metric("Rescued", "documents", _RESCUER, "batches that the event source gave up and were set aside")
QUARANTINED = Metric("Quarantined", "quarantined", _SETTING_ASIDE, "records that were set aside in quarantine")
QUARANTINED_BY_REASON = Metric(
    "QuarantinedByReason",
    "records",
    _SETTING_ASIDE,
    "records that were set aside, for one reason",
    dimensions=(Dimension.EVENT_TYPE, Dimension.REASON),
    message=SET_ASIDE,
)
DROPPED_EVENTS = Metric("Dropped", "dropped", _PROCESSOR, "events that the event type's own code dropped on purpose")
DROPPED_BY_REASON = Metric(
    "DroppedByReason",
    "records",
    _PROCESSOR,
    "events that the event type's own code dropped on purpose, for one reason",
    dimensions=(Dimension.EVENT_TYPE, Dimension.REASON),
    message=DROPPED,
)
REFERENCE_AGE = Metric(
    "ReferenceAge",
    "look_age_s",
    _DUMPER,
    "age of the newest look at a reference that succeeded, at the end of a run",
    Unit.SECONDS,
    Statistic.MAXIMUM,
    _OF_REFERENCE,
)
REFERENCE_ROWS = Metric(
    "ReferenceRows",
    "rows",
    _DUMPER,
    "rows of a reference in its database",
    Unit.COUNT,
    Statistic.MAXIMUM,
    _OF_REFERENCE,
)
DUMPS_PUBLISHED = Metric(
    "DumpsPublished", "published", _DUMPER, "snapshots that had changed and were published", dimensions=_OF_REFERENCE
)
DUMPS_REFUSED = Metric(
    "DumpsRefused", "refused", _DUMPER, "dumps that were not published, as they broke a rule", dimensions=_OF_REFERENCE
)
MEMORY = Metric(
    "MemoryUsed",
    "memory_percent",
    tuple(Handler),
    "the most memory that it used, of what it has",
    Unit.PERCENT,
    Statistic.MAXIMUM,
    (Dimension.FUNCTION,),
)

METRICS: tuple[Metric, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
"""All of them, in the order in which an event meets them."""
