"""Log lines of functions: JSON as Lambda's JSON log format has it, or text, read into the same fields. Pure.

Source: AWS Lambda Developer Guide, "Log and monitor Python Lambda functions", "Configuring JSON and plain text log
formats", "Event schema for Telemetry API" (the lines of the platform).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

PROCESSOR = "-processor"
_START = re.compile(r"START RequestId: (?P<request>\S+)")
_END = re.compile(r"(?:END|REPORT) RequestId: (?P<request>\S+)")
_NAMED = re.compile(r"RequestId: (?P<request>[0-9a-fA-F-]{36})")
_LEVEL = re.compile(r"\[(?P<level>TRACE|DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL|FATAL)\]")
_RECORD = re.compile(r"\[\w+\]\t\S+Z?\t(?P<request>[0-9a-fA-F-]{36})\t(?P<message>.*)", re.DOTALL)
_FAILED_REPORT = re.compile(r"Status: (?:error|timeout)|Task timed out")
_REQUEST_FIELDS = ("requestId", "function_request_id", "request_id")
_SAID_ALREADY = frozenset({"timestamp", "level", "message", "logger", "event_type", "function", *_REQUEST_FIELDS})


class Level(IntEnum):
    """The levels of log lines, of which a later one is more severe; Python's CRITICAL is Lambda's FATAL."""

    TRACE = 0
    DEBUG = 1
    INFO = 2
    WARN = 3
    ERROR = 4
    FATAL = 5

    @classmethod
    def of(cls, name: object) -> "Level | None":
        """The level that a line names; None where that is none."""
        text = str(name).upper()
        return cls.__members__.get({"WARNING": "WARN", "CRITICAL": "FATAL"}.get(text, text))


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a function's log.

    time_ms: since the epoch, as CloudWatch Logs has it. stream: the log stream, of one execution environment. number:
    CloudWatch's id of the line. fields: those of a line of JSON; empty for one of text.
    """

    time_ms: int
    function: str
    text: str
    stream: str = ""
    number: str = ""
    level: Level | None = None
    event_type: str = ""
    message: str = ""
    request_id: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def extra(self) -> dict[str, Any]:
        """The fields of a line of JSON that no other attribute has."""
        return {name: value for name, value in self.fields.items() if name not in _SAID_ALREADY}


@dataclass(frozen=True, slots=True)
class LogChoice:
    """A choice of lines: of one event type, at least of a level, of some requests or with a text in them; None is any.

    A line without a level counts as INFO, as Lambda takes it.
    """

    event_type: str | None = None
    level: Level | None = None
    requests: frozenset[str] | None = None
    text: str | None = None

    def takes(self, line: LogLine) -> bool:
        """Whether the line is one of the choice."""
        if self.event_type is not None and line.event_type != self.event_type:
            return False
        if self.level is not None and (Level.INFO if line.level is None else line.level) < self.level:
            return False
        if self.requests is None and self.text is None:
            return True
        of_request = self.requests is not None and line.request_id in self.requests
        return of_request or (self.text is not None and self.text in line.text)


class LineParser:
    """The parser of one function's lines, in the order of each log stream.

    A line of text that names no request is of the one that began last in its stream: an environment serves one at a
    time.
    """

    def __init__(self, function: str, event_type: str = "") -> None:
        self._function = function
        self._event_type = event_type
        self._requests: dict[str, str] = {}

    def parse(self, entry: Mapping[str, Any]) -> LogLine:
        """The line in an event of FilterLogEvents."""
        text, stream = str(entry["message"]).rstrip("\n"), str(entry.get("logStreamName", ""))
        fields = _fields(text)
        level, message, request = _of_json(fields) if fields else _of_text(text)
        if started := _START.match(text) or (fields.get("type") == "platform.start" and request):
            self._requests[stream] = request if isinstance(started, str) else started["request"]
        line = LogLine(
            time_ms=int(entry["timestamp"]),
            function=self._function,
            text=text,
            stream=stream,
            number=str(entry.get("eventId", "")),
            level=level,
            event_type=str(fields.get("event_type", "")) or self._event_type,
            message=message,
            request_id=request or self._requests.get(stream, ""),
            fields=fields,
        )
        if text.startswith("REPORT ") or fields.get("type") == "platform.report":
            self._requests.pop(stream, None)
        return line


def event_type_of(function: str, prefix: str) -> str:
    """The event type of a processor, by its name; empty for a function that event types share."""
    is_processor = function.startswith(f"{prefix}-") and function.endswith(PROCESSOR)
    return function.removeprefix(f"{prefix}-").removesuffix(PROCESSOR) if is_processor else ""


def _fields(text: str) -> dict[str, Any]:
    if not text.startswith("{"):
        return {}
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _of_json(fields: Mapping[str, Any]) -> tuple[Level | None, str, str]:
    """Level, message and request of a line of JSON: a function's, or one of the platform's (`type`, `record`)."""
    record = fields.get("record")
    if "type" in fields and isinstance(record, dict):
        is_bad = record.get("status", "success") != "success"
        details = ", ".join(f"{name} {_short(value)}" for name, value in record.items() if name != "requestId")
        return Level.ERROR if is_bad else None, f"{fields['type']} {details}", str(record.get("requestId", ""))
    request = next((str(fields[name]) for name in _REQUEST_FIELDS if fields.get(name)), "")
    message = fields.get("message", "")
    trouble = fields.get("errorType") or fields.get("exception")
    if not message and trouble:
        message = f"{trouble}: {fields.get('errorMessage', '')}"
    return Level.of(fields.get("level")), message if isinstance(message, str) else json.dumps(message), request


def _of_text(text: str) -> tuple[Level | None, str, str]:
    level = _LEVEL.match(text)
    record = _RECORD.match(text)
    named = _START.match(text) or _END.match(text) or _NAMED.search(text)
    severity = Level.of(level["level"]) if level else None
    if _FAILED_REPORT.search(text):
        # After an initialization that took too long the environment begins anew, and the event is served.
        severity = Level.WARN if text.startswith("INIT_REPORT ") else Level.ERROR
    request = record["request"] if record else named["request"] if named else ""
    return severity, record["message"] if record else text, request


def _short(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
