"""Lambda's own log lines."""

import json
from pathlib import Path
from typing import Any

import pytest

from wavetank.emulator.lambda_.execution.function import Function, LogFormat
from wavetank.emulator.lambda_.execution.logs import (
    Faulted,
    Happening,
    InitEndedBadly,
    InitStarted,
    Phase,
    Report,
    Started,
    Status,
    lines,
)
from wavetank.emulator.lambda_.packages.interpreters import Interpreter

AT = 1_700_000_000.25
TEXT = Function(
    name="f",
    version="7",
    handler="handler.handler",
    region="us-east-1",
    memory_mb=256,
    timeout_s=3,
    runtime=Interpreter("python3.13", Path("python"), "3.13.1"),
    runtime_folder=Path("runtime/python3.13-abc"),
    task_root=Path("task"),
    opt=None,
)
GOOD = Report(AT, "r", duration_ms=12.341, peak_mb=40, init_ms=100.5)
BAD = Report(AT, "r", duration_ms=3000.0, peak_mb=256, status=Status.ERROR, error_type="Runtime.ExitError")


@pytest.mark.parametrize(
    ("what", "text"),
    [
        (
            InitStarted(AT),
            "INIT_START Runtime Version: python:3.13.1\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:abc\n",
        ),
        (
            InitEndedBadly(AT, 1236.04, Phase.INIT, Status.TIMEOUT, ""),
            "INIT_REPORT Init Duration: 1236.04 ms\tPhase: init\tStatus: timeout\n",
        ),
        (Started(AT, "r"), "START RequestId: r Version: 7\n"),
        (
            Faulted(AT, "r", "Task timed out after 3.00 seconds", "Sandbox.Timedout"),
            "2023-11-14T22:13:20.250Z r Task timed out after 3.00 seconds\n\n",
        ),
        (
            Faulted(AT, "r", "Runtime exited with error: exit status 1", "Runtime.ExitError"),
            "RequestId: r Error: Runtime exited with error: exit status 1\nRuntime.ExitError\n",
        ),
        (
            GOOD,
            "END RequestId: r\nREPORT RequestId: r\tDuration: 12.34 ms\tBilled Duration: 113 ms\t"
            "Memory Size: 256 MB\tMax Memory Used: 40 MB\tInit Duration: 100.50 ms\t\n",
        ),
        (
            BAD,
            "END RequestId: r\nREPORT RequestId: r\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\t"
            "Memory Size: 256 MB\tMax Memory Used: 256 MB\tStatus: error\tError Type: Runtime.ExitError\t\n",
        ),
    ],
)
def test_each_text_line_reads_as_on_aws(what: Happening, text: str) -> None:
    assert lines(TEXT, what) == text


def json_lines(what: Happening, level: str) -> list[dict[str, Any]]:
    function = Function(**{**vars(TEXT), "log_format": LogFormat.JSON, "system_log_level": level})
    return [json.loads(line) for line in lines(function, what).splitlines()]


def test_a_report_in_json_has_the_fields_of_the_telemetry_schema() -> None:
    (report,) = json_lines(GOOD, "INFO")
    assert report == {
        "time": "2023-11-14T22:13:20.250Z",
        "type": "platform.report",
        "record": {
            "requestId": "r",
            "status": "success",
            "metrics": {
                "durationMs": 12.341,
                "billedDurationMs": 113,
                "memorySizeMB": 256,
                "maxMemoryUsedMB": 40,
                "initDurationMs": 100.5,
            },
        },
    }


@pytest.mark.parametrize(
    ("what", "level", "kinds"),
    [
        (GOOD, "DEBUG", ["platform.runtimeDone", "platform.report"]),
        (GOOD, "INFO", ["platform.report"]),
        (GOOD, "WARN", []),
        (BAD, "WARN", ["platform.runtimeDone", "platform.report"]),
        (Started(AT, "r"), "INFO", ["platform.start"]),
        (Started(AT, "r"), "WARN", []),
        (InitStarted(AT), "INFO", ["platform.initStart"]),
        (InitEndedBadly(AT, 1.0, Phase.INVOKE, Status.ERROR, "E"), "WARN", ["platform.initReport"]),
    ],
)
def test_the_system_log_level_decides_which_json_lines_there_are(what: Happening, level: str, kinds: list[str]) -> None:
    assert [line["type"] for line in json_lines(what, level)] == kinds
