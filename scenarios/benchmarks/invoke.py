"""How long one invocation of a function takes, through the endpoint.

- `warm_p50_ms`, `warm_p99_ms`: one caller, one environment, an event after the other; after a warm-up.
- `cold_p50_ms`: the first event of a new environment, from the call to the answer; the handler imports boto3 and the
  pipeline's own layer, as the pipeline's handlers do.
- `edit_to_serving_ms`: from a file of the pipeline saved to the first answer of the new code, as `wavetank dev` does it
  for six functions.
- `waiting_8_share`: what eight callers of a function that waits get done, of eight times what one does.
- `computing_8_share`: how much of the processors a function that computes uses with eight callers.
"""

import io
import json
import os
import shutil
import statistics
import tempfile
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from wavetank.emulator.deploy import functions
from wavetank.emulator.develop.reload import Place, Reaction, Reloader, Watch
from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline import package
from wavetank.scenarios.benchmarks.registry import BenchFailedError
from wavetank.scenarios.run.event_types import ad_stream_schemas

WARM_UP = 50
WARM = 1000
COLD = 15
EDITS = 5
EDITED = 6
CALLERS = 8
ROUNDS = 6
DEADLINE_S = 60.0
ROLE = "arn:aws:iam::000000000000:role/benchmark"

ECHO = "def handler(event, context): return event"
IMPORTS = "import boto3, fastavro\ndef handler(event, context): return event"
WAITS = "import time\ndef handler(event, context): time.sleep(0.1)"
COMPUTES = (
    "import time\n"
    "def handler(event, context):\n"
    "    began = time.process_time()\n"
    "    while time.process_time() - began < 0.1: pass\n"
    "    return time.process_time() - began\n"
)
EDIT = "def handle(event, context): return {}\n"


def run(stack: Stack) -> dict[str, float]:
    """Measure on a running stack; the functions it makes are deleted again. Raises BenchFailedError."""
    client = stack.client("lambda")
    with _function(stack, ECHO) as name:
        for _ in range(WARM_UP):
            _call(client, name)
        warm = sorted(_call(client, name)[0] for _ in range(WARM))
    layer = package.build(Home.from_environment().cache / "packages").codec_layer.path.read_bytes()
    version = client.publish_layer_version(LayerName="benchmark-codec", Content={"ZipFile": layer})
    with _function(stack, IMPORTS, Layers=[version["LayerVersionArn"]]) as name:
        _call(client, name)
        cold = []
        # Each change of the configuration replaces the environments, the next event starts one.
        for number in range(COLD):
            variables = {"Variables": {"RUN": str(number)}}
            client.update_function_configuration(FunctionName=name, Environment=variables)
            functions.wait_until_ready(stack, name)
            cold.append(_call(client, name)[0])
    edits = _edits(stack)
    with _function(stack, WAITS) as name:
        one = statistics.median(_call(client, name)[0] for _ in range(ROUNDS))
        waiting_s = _together(lambda: _call(client, name))[0]
    with _function(stack, COMPUTES) as name:
        computing_s, answers = _together(lambda: _call(client, name))
    processors = min(CALLERS, os.process_cpu_count() or 1)
    return {
        "warm_p50_ms": statistics.median(warm) * 1000,
        "warm_p99_ms": warm[len(warm) * 99 // 100] * 1000,
        "cold_p50_ms": statistics.median(cold) * 1000,
        "edit_to_serving_ms": statistics.median(edits) * 1000,
        "waiting_8_share": one * ROUNDS / waiting_s,
        "computing_8_share": sum(float(answer) for _, answer in answers) / computing_s / processors,
    }


def _edits(stack: Stack) -> list[float]:
    """Times of edits of a copy of the pipeline, watched as `wavetank dev` watches the checkout."""
    client = stack.client("lambda")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as deployed:
        made = (_function(stack, ECHO, Handler="wavetank.pipeline.edited.handle") for _ in range(EDITED))
        names = [deployed.enter_context(function) for function in made]
        code = Path(shutil.copytree(package.CODE, Path(folder, "pipeline")))
        edited = code / "edited.py"
        edited.write_text(EDIT.format(-1))
        not_asked = Reaction("nothing of the infrastructure is edited", ok=False)
        reloader = Reloader(stack, Place(code, ad_stream_schemas(), names), lambda: not_asked)
        functions.update_code(stack, {name: reloader.packages[name] for name in names})
        watch = Watch((code, ad_stream_schemas()), (".py", ".avsc", ".json"))
        times = []
        for number in range(EDITS):
            watching = threading.Thread(target=lambda: reloader.react(watch.wait()))
            watching.start()
            began = time.perf_counter()
            edited.write_text(EDIT.format(number))
            while _call(client, names[0])[1] != number:
                if time.perf_counter() - began > DEADLINE_S:
                    raise BenchFailedError("the edit was never served")
            times.append(time.perf_counter() - began)
            watching.join(DEADLINE_S)
        return times


def _together(call: Callable[[], tuple[float, Any]]) -> tuple[float, list[tuple[float, Any]]]:
    """Eight callers, several rounds each, in eight warm environments: seconds for all, and what they got."""
    with ThreadPoolExecutor(CALLERS) as pool:
        barrier = threading.Barrier(CALLERS)

        def rounds(number: int) -> list[tuple[float, Any]]:
            barrier.wait()
            return [call() for _ in range(number)]

        list(pool.map(rounds, [2] * CALLERS))
        began = time.perf_counter()
        answers = [answer for some in pool.map(rounds, [ROUNDS] * CALLERS) for answer in some]
        return time.perf_counter() - began, answers


@contextmanager
def _function(stack: Stack, source: str, **settings: Any) -> Iterator[str]:
    """A function of this source, ready for its first event; it is deleted after the block."""
    client, name, buffer = stack.client("lambda"), f"benchmark-{uuid.uuid4().hex[:8]}", io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("handler.py", source)
    client.create_function(
        **{
            "FunctionName": name,
            "Runtime": "python3.13",
            "Role": ROLE,
            "Handler": "handler.handler",
            "MemorySize": 256,
            "Timeout": 30,
            "Code": {"ZipFile": buffer.getvalue()},
            **settings,
        }
    )
    functions.wait_until_ready(stack, name)
    try:
        yield name
    finally:
        with suppress(client.exceptions.ResourceNotFoundException):
            client.delete_function(FunctionName=name)


def _call(client: Any, name: str) -> tuple[float, Any]:
    """Seconds from the call to the answer, and the answer. Raises BenchFailedError for a function error."""
    began = time.perf_counter()
    response = client.invoke(FunctionName=name, Payload=b'{"n": 1}')
    answer = json.load(response["Payload"])
    took = time.perf_counter() - began
    if "FunctionError" in response:
        raise BenchFailedError(f"the function failed: {answer}")
    return took, answer
