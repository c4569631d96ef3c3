"""The lines of a function's log that tell what it did, and that metrics are taken from (`pipeline.metrics`).

Each is a record of `logging` whose extra fields Lambda's JSON log format puts beside its own, at the top level of the
line (Lambda developer guide, "Log and monitor Python Lambda functions"). A field that is not known is left out.
"""

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from wavetank.pipeline.aws.service_clock import SERVICE_CLOCK
from wavetank.pipeline.metrics import DROPPED, INVOCATION, SET_ASIDE
from wavetank.pipeline.records import Rejected

LOG = logging.getLogger(__name__)
STATUS = Path("/proc/self/status")
"""The process as Linux describes it (proc_pid_status(5)); `VmHWM` is the most memory that it has had, in KiB."""
PEAK = b"VmHWM:"
KIB_PER_MIB = 1024

type Fields = dict[str, str | int | float]
"""The fields of a line, by name."""


@contextmanager
def invocation(event_type: str | None = None, **known: str | int | float) -> Iterator[Fields]:
    """The line of a piece of work: its fields, to be filled as they come to be known.

    It is written when the block ends, whatever ends it. event_type: None for work that is of none.
    """
    SERVICE_CLOCK.forget()
    fields: Fields = known
    try:
        yield fields
    finally:
        _write(logging.INFO, INVOCATION, event_type, {**fields, **memory()})


def set_aside(event_type: str, rejected: Iterable[Rejected]) -> int:
    """Write a line for each reason for which records are in quarantine by now; the number of records."""
    counts: dict[str, int] = {}
    for each in rejected:
        counts[each.rejection.reason] = counts.get(each.rejection.reason, 0) + 1
    for reason, records in counts.items():
        _write(logging.WARNING, SET_ASIDE, event_type, {"reason": str(reason), "records": records})
    return sum(counts.values())


def dropped(event_type: str, counts: Mapping[str, int]) -> int:
    """Write a line for each reason for which events were dropped on purpose; the number of events."""
    for reason, records in counts.items():
        _write(logging.INFO, DROPPED, event_type, {"reason": reason, "records": records})
    return sum(counts.values())


def age_s(since: float, now: float | None) -> float:
    """The seconds from a service's time to another, to the millisecond; 0 where it is later or nobody knows."""
    return 0.0 if now is None else round(max(0.0, now - since), 3)


def memory() -> Fields:
    """The field with the most memory that the process has had, in percent of the function's; nothing elsewhere."""
    size_mib = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    if not size_mib.isdecimal():
        return {}
    try:
        with STATUS.open("rb", buffering=0) as status:
            peak_kib = int(status.read().partition(PEAK)[2].split(maxsplit=1)[0])
    except FileNotFoundError:
        return {}
    return {"memory_percent": round(100 * peak_kib / (int(size_mib) * KIB_PER_MIB), 1)}


def _write(level: int, message: str, event_type: str | None, fields: Fields) -> None:
    about = {"function": os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")}
    if event_type is not None:
        about["event_type"] = event_type
    LOG.log(level, message, extra={**about, **fields})
