"""The lines that Lambda itself writes into a function's log, in both formats. Pure.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html,
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html (failures),
https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html (JSON).
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum, StrEnum

from wavetank.emulator.lambda_.execution.function import Function, LogFormat
from wavetank.emulator.lambda_.packages.interpreters import Interpreter


class Status(StrEnum):
    """The ways in which an invocation or an initialization ends."""

    SUCCESS = "success"
    ERROR = "error"
    TIMEOUT = "timeout"


class Phase(StrEnum):
    """When a runtime was initialized: before the first event, or within one."""

    INIT = "init"
    INVOKE = "invoke"


@dataclass(frozen=True)
class InitStarted:
    """A runtime starts; `at` is in seconds since the epoch, here and below."""

    at: float


@dataclass(frozen=True)
class InitEndedBadly:
    """An initialization failed after `took_ms` milliseconds."""

    at: float
    took_ms: float
    phase: Phase
    status: Status
    error_type: str


@dataclass(frozen=True)
class Started:
    """An invocation starts."""

    at: float
    request_id: str


@dataclass(frozen=True)
class Faulted:
    """The runtime ended instead of answering, for the reason that the caller is told."""

    at: float
    request_id: str
    message: str
    error_type: str


@dataclass(frozen=True)
class Report:
    """The figures of one invocation. Durations in milliseconds; `init_ms` only where the init was not part of it."""

    at: float
    request_id: str
    duration_ms: float
    peak_mb: int
    init_ms: float | None = None
    status: Status = Status.SUCCESS
    error_type: str = ""

    @property
    def billed_ms(self) -> int:
        """Whole milliseconds to pay for; the initialization is billed too."""
        return math.ceil(self.duration_ms + (self.init_ms or 0.0))


Happening = InitStarted | InitEndedBadly | Started | Faulted | Report


def lines(function: Function, what: Happening) -> str:
    """Lambda's lines about a happening in the function's log: none, or lines that each end in a line feed."""
    if function.log_format is LogFormat.TEXT:
        return _text(function, what)
    least = Level.__members__.get(function.system_log_level.upper(), Level.INFO)
    return "".join(
        json.dumps({"time": _timestamp(what.at), "type": kind, "record": record}, separators=(",", ":")) + "\n"
        for level, kind, record in _records(function, what)
        if level >= least
    )


def _text(function: Function, what: Happening) -> str:
    match what:
        case InitStarted():
            name, arn = _runtime(function)
            return f"INIT_START Runtime Version: {name}\tRuntime Version ARN: {arn}\n"
        case InitEndedBadly():
            fields = [f"INIT_REPORT Init Duration: {what.took_ms:.2f} ms", f"Phase: {what.phase}"]
            return "\t".join([*fields, *_outcome_fields(what.status, what.error_type)]) + "\n"
        case Started(request_id=request_id):
            return f"START RequestId: {request_id} Version: {function.version}\n"
        case Faulted() if what.message.startswith("Task timed out"):
            return f"{_timestamp(what.at)} {what.request_id} {what.message}\n\n"
        case Faulted():
            return f"RequestId: {what.request_id} Error: {what.message}\n{what.error_type}\n"
        case Report():
            fields = [
                f"REPORT RequestId: {what.request_id}",
                f"Duration: {what.duration_ms:.2f} ms",
                f"Billed Duration: {what.billed_ms} ms",
                f"Memory Size: {function.memory_mb} MB",
                f"Max Memory Used: {what.peak_mb} MB",
            ]
            if what.init_ms is not None:
                fields.append(f"Init Duration: {what.init_ms:.2f} ms")
            fields += _outcome_fields(what.status, what.error_type)
            return f"END RequestId: {what.request_id}\n" + "\t".join(fields) + "\t\n"


def _outcome_fields(status: Status, error_type: str) -> list[str]:
    """Fields that only a failure has."""
    fields = [f"Status: {status}"] if status is not Status.SUCCESS else []
    return [*fields, f"Error Type: {error_type}"] if error_type else fields


class Level(IntEnum):
    """Levels of the system log in JSON format, rising."""

    DEBUG = 10
    INFO = 20
    WARN = 30


Record = tuple[Level, str, Mapping[str, object]]


def _records(function: Function, what: Happening) -> list[Record]:
    """The objects of the JSON log, with the level that AWS gives each."""
    match what:
        case InitStarted():
            name, arn = _runtime(function)
            start = {
                "initializationType": function.initialization,
                "phase": Phase.INIT,
                "runtimeVersion": name,
                "runtimeVersionArn": arn,
                "functionName": function.name,
                "functionVersion": function.version,
            }
            return [(Level.INFO, "platform.initStart", start)]
        case InitEndedBadly():
            outcome = _outcome(what.status, what.error_type)
            metrics = {"durationMs": round(what.took_ms, 3)}
            record = {"initializationType": function.initialization, "phase": what.phase, **outcome, "metrics": metrics}
            return [(Level.WARN, "platform.initReport", record)]
        case Started(request_id=request_id):
            return [(Level.INFO, "platform.start", {"requestId": request_id, "version": function.version})]
        case Faulted():
            return []
        case Report():
            return _report_records(function, what)


def _report_records(function: Function, report: Report) -> list[Record]:
    failed = report.status is not Status.SUCCESS
    duration = {"durationMs": round(report.duration_ms, 3)}
    init = {} if report.init_ms is None else {"initDurationMs": round(report.init_ms, 3)}
    metrics = {
        **duration,
        "billedDurationMs": report.billed_ms,
        "memorySizeMB": function.memory_mb,
        "maxMemoryUsedMB": report.peak_mb,
        **init,
    }
    outcome = {"requestId": report.request_id, **_outcome(report.status, report.error_type)}
    return [
        (Level.WARN if failed else Level.DEBUG, "platform.runtimeDone", {**outcome, "metrics": duration}),
        (Level.WARN if failed else Level.INFO, "platform.report", {**outcome, "metrics": metrics}),
    ]


def _outcome(status: Status, error_type: str) -> dict[str, object]:
    return {"status": status, **({"errorType": error_type} if error_type else {})}


def _runtime(function: Function) -> tuple[str, str]:
    digest = function.runtime_folder.name.rpartition("-")[2]
    arn = f"arn:aws:lambda:{function.region}::runtime:{digest}"
    if isinstance(function.runtime, Interpreter):
        return f"python:{function.runtime.version}", arn
    return function.runtime.runtime.replace(".", ":"), arn


def _timestamp(at: float) -> str:
    """ISO 8601 in UTC, with milliseconds."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
