"""What tests of Lambda through a running stack share: packages, functions, invocations."""

import io
import json
import threading
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from wavetank.emulator.stack.stack import EmbeddedStack

ROLE = "arn:aws:iam::000000000000:role/function"
DEADLINE_S = 20.0
ECHO = "def handler(event, context): return event"
GATED = (
    "import os, pathlib, time\n"
    "def handler(event, context):\n"
    "    pathlib.Path(event).touch()\n"
    "    while pathlib.Path(event).exists(): time.sleep(0.005)\n"
    "    print('held no more')\n"
    "    return os.getpid()\n"
)

Deploy = Callable[..., str]


def package(source: str, files: Mapping[str, bytes] | None = None) -> bytes:
    """A deployment package with this source as the module `handler`, and further files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("handler.py", source)
        for name, content in (files or {}).items():
            archive.writestr(name, content)
    return buffer.getvalue()


def until(holds: Callable[[], Any]) -> Any:
    """What `holds` gives once that is true."""
    deadline = time.monotonic() + DEADLINE_S
    while not (held := holds()):
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(0.01)
    return held


def settled(stack: EmbeddedStack, name: str) -> dict[str, Any]:
    """The function's configuration, once it is neither being made nor being updated."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = stack.client("lambda").get_function_configuration(FunctionName=name)
        return None if "Pending" in found["State"] or found["LastUpdateStatus"] == "InProgress" else found

    return dict(until(look))


def is_active(stack: EmbeddedStack, name: str, version: str) -> bool:
    """Whether a published version takes invocations."""
    found = stack.client("lambda").get_function_configuration(FunctionName=name, Qualifier=version)
    return bool(found["State"] == "Active")


def invoke(stack: EmbeddedStack, name: str, event: object = None, **options: Any) -> Any:
    """The answer of the handler; a function error is a failed test."""
    response = stack.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event), **options)
    answer = json.load(response["Payload"])
    assert "FunctionError" not in response, answer
    return answer


def counted(stack: EmbeddedStack, name: str, *metrics: str) -> dict[str, float]:
    """The sums of these metrics of a function of the last minutes, once what it has begun is done."""
    stack.settle(DEADLINE_S)
    now = stack.control.now()
    points = {
        metric: stack.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": "FunctionName", "Value": name}],
            StartTime=now - 600,
            EndTime=now + 60,
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        for metric in metrics
    }
    return {metric: sum(point["Sum"] for point in found) for metric, found in points.items()}


class Held:
    """An invocation of a `GATED` function that runs until it is released."""

    def __init__(self, stack: EmbeddedStack, name: str, gate: Path, **options: Any) -> None:
        self.gate, self.answers = gate, list[Any]()
        self._thread = threading.Thread(target=lambda: self.answers.append(invoke(stack, name, str(gate), **options)))
        self._thread.start()
        until(gate.exists)

    def release(self) -> Any:
        """Let it end; the process that it ran in."""
        self.gate.unlink()
        self._thread.join(DEADLINE_S)
        return self.answers[0]
