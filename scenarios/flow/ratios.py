"""The ratios of the model: what each says, its default, and the figures that are put in the place of defaults.

Defaults are assumptions for event types of about one kilobyte; measured figures take their place.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Basis(StrEnum):
    """The basis of a figure."""

    GIVEN = "given"
    MEASURED = "measured"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, and what it is based on."""

    value: float
    basis: Basis


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of the model. `source`: what it is measured from; empty where it is never measured."""

    name: str
    default: float
    unit: str
    meaning: str
    source: str = ""


EVENT_BYTES = Ratio(
    "event-bytes", 1_000, "bytes", "an event on the raw stream, its frame included", "AWS/Kinesis IncomingBytes"
)
PROCESSED_RATIO = Ratio(
    "processed-ratio", 1.2, "", "bytes on the processed stream for one on the raw stream", "AWS/Kinesis IncomingBytes"
)
PROCESSING_START_MS = Ratio("processing-start-ms", 30, "ms", "an invocation of a processor, before its first event")
PROCESSING_MS = Ratio("processing-ms", 0.2, "ms", "an event in a processor of 512 MiB", "AWS/Lambda Duration")
PARTITIONING_START_MS = Ratio("partitioning-start-ms", 80, "ms", "a chunk in the partitioner, before its first event")
PARTITIONING_MS = Ratio("partitioning-ms", 0.02, "ms", "an event in the partitioner", "AWS/Lambda Duration")
MERGE_START_MS = Ratio("merge-start-ms", 400, "ms", "a merge, before its first event")
MERGE_MS = Ratio("merge-ms", 0.02, "ms", "an event in a merge", "AWS/Lambda Duration")
REQUEST_MS = Ratio("request-ms", 20, "ms", "a request to S3, as functions wait for it")
CPU_SHARE = Ratio("cpu-share", 0.7, "", "the part of a processor's time that more memory, and so more CPU, shortens")
HOURS_PER_CHUNK = Ratio("hours-per-chunk", 1.1, "hours", "the hours that events of one chunk are of")
MERGES_PER_PARTITION = Ratio(
    "merges-per-partition", 2, "merges", "how often a partition is merged: with its first parts, and with all"
)
DUMP_MS = Ratio("dump-ms", 3_000, "ms", "a run of a dumper, over all references of its database", "AWS/Lambda Duration")
SNAPSHOT_MB = Ratio("snapshot-mb", 10, "MB", "the largest snapshot of a reference", "sizes in the registry's bucket")
LOG_BYTES = Ratio("log-bytes", 900, "bytes", "the log of an invocation", "AWS/Logs IncomingBytes")
AVRO_RATIO = Ratio("avro-ratio", 0.5, "", "bytes of the Avro files at rest for one of a chunk", "sizes in the bucket")
PARQUET_RATIO = Ratio(
    "parquet-ratio", 0.35, "", "bytes of the Parquet files at rest for one of a chunk", "sizes in the bucket"
)
REASONS = Ratio("reasons", 3, "reasons", "different reasons, for each event type, to set events aside or drop them")

RATIOS: tuple[Ratio, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Ratio))
"""All of them."""


@dataclass(frozen=True, slots=True)
class Ratios:
    """The ratios of a case: the figures there are, and the defaults of all others."""

    figures: Mapping[Ratio, Figure] = field(default_factory=dict)

    def __getitem__(self, ratio: Ratio) -> float:
        return self.figure(ratio).value

    def figure(self, ratio: Ratio) -> Figure:
        """The figure of a ratio: its default where there is no other."""
        return self.figures.get(ratio) or Figure(ratio.default, Basis.DEFAULT)

    def given(self, ratio: Ratio, value: float | None) -> "Ratios":
        """The same with a figure that somebody gave; None for none."""
        return self if value is None else Ratios({**self.figures, ratio: Figure(value, Basis.GIVEN)})

    def __iter__(self) -> Iterator[tuple[Ratio, Figure]]:
        return ((ratio, self.figure(ratio)) for ratio in RATIOS)
