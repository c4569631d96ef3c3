"""The values of a triage: what was read of each dependency, what changed, what rings, and what follows. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class Dependency(StrEnum):
    """A service of the provider that the pipeline stands on."""

    KINESIS = "Kinesis"
    LAMBDA = "Lambda"
    S3 = "S3"
    SNS = "SNS"
    SQS = "SQS"
    FIREHOSE = "Firehose"
    CLOUDWATCH = "CloudWatch"


class Kind(StrEnum):
    """The kind of a reading."""

    ERRORS = "errors"
    THROTTLES = "throttles"
    AGE = "age"
    WORK = "work"


class Side(StrEnum):
    """The side that a trouble is on."""

    US = "us"
    PROVIDER = "provider"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Reading:
    """A metric of one resource over the span: its sum, or its maximum for ages, in seconds. None: no data.

    limit: the value that it should not pass.
    """

    dependency: Dependency
    kind: Kind
    resource: str
    metric: str
    value: float | None
    limit: float = 0.0

    @property
    def is_bad(self) -> bool:
        """Whether it tells of trouble."""
        return self.kind is not Kind.WORK and self.value is not None and self.value > self.limit


@dataclass(frozen=True, slots=True)
class Probe:
    """A cheap call of a service, made now: how long it took, and the code of its error; empty for none.

    is_theirs: whether the error is the provider's, as a 5xx or no answer is, and not that of who calls.
    """

    dependency: Dependency
    operation: str
    took_ms: float
    error: str = ""
    is_theirs: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that functions logged, how often and since when: of a call of a service, or their own.

    operation: of the service that was called; empty for an error of the function's own.
    """

    function: str
    code: str
    operation: str = ""
    dependency: Dependency | None = None
    times: int = 1
    example: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A thing that changed, and when: a stack, a schema, reference data, or a function."""

    at: datetime
    kind: str
    what: str
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Ringing:
    """An alarm that rings, since when, and why as CloudWatch has it."""

    name: str
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """A consumer that is not at work, and the command that puts it to work again."""

    resource: str
    state: str
    command: str


@dataclass(frozen=True)
class Situation:
    """All that was read of a stage, in the span that ends `now`."""

    now: datetime
    span: timedelta
    readings: tuple[Reading, ...] = ()
    probes: tuple[Probe, ...] = ()
    failures: tuple[Failure, ...] = ()
    changes: tuple[Change, ...] = ()
    alarms: tuple[Ringing, ...] = ()
    switched_off: tuple[SwitchedOff, ...] = ()
    waiting: Mapping[str, int] = field(default_factory=dict)

    @property
    def recent(self) -> tuple[Change, ...]:
        """What changed within the span."""
        return tuple(change for change in self.changes if change.at >= self.now - self.span)

    def document(self) -> dict[str, Any]:
        """The situation as JSON has it."""
        return {name: _plain(value) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Finding:
    """A trouble: whose it is, what it is in a sentence, and the command to try first."""

    side: Side
    subject: str
    sentence: str
    command: str = ""

    def document(self) -> dict[str, Any]:
        """The finding as JSON has it."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat(timespec="seconds").replace("+00:00", "Z")
        case timedelta():
            return value.total_seconds()
        case dict():
            return {name: _plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
    return value
