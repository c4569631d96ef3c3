"""Each way a function can fail: what the caller gets and what the log says, as AWS documents it."""

import json
from dataclasses import dataclass, field

import pytest

from tests.unit.emulator.lambda_.conftest import Run

REQUEST = "request-1"
TIMEOUT_S = 0.4


@dataclass(frozen=True)
class Way:
    """A way to fail: a handler module, and what is to come of it."""

    name: str
    source: str
    error_type: str
    message: str
    log: tuple[str, ...]
    changes: dict[str, object] = field(default_factory=dict)


def ended(reason: str, error_type: str = "Runtime.ExitError") -> tuple[str, ...]:
    """The log of a runtime that ended within an invocation."""
    return (
        f"START RequestId: {REQUEST} Version: $LATEST",
        f"RequestId: {REQUEST} Error: {reason}",
        error_type,
        f"END RequestId: {REQUEST}",
        f"Status: error\tError Type: {error_type}",
    )


def not_loaded(error_type: str) -> tuple[str, ...]:
    """The log of a handler that could not be loaded, tried twice: before the event and with it."""
    return (
        f"[ERROR] {error_type}",
        f"Phase: init\tStatus: error\tError Type: {error_type}",
        f"[ERROR] {error_type}",
        f"Phase: invoke\tStatus: error\tError Type: {error_type}",
        f"START RequestId: {REQUEST}",
        f"END RequestId: {REQUEST}",
        f"Status: error\tError Type: {error_type}",
    )


WAYS = [
    Way(
        "a module that is not packaged",
        "import fastavro",
        "Runtime.ImportModuleError",
        "Unable to import module 'handler': No module named 'fastavro'",
        not_loaded("Runtime.ImportModuleError"),
    ),
    Way(
        "a syntax error",
        "def handler(event, context:",
        "Runtime.UserCodeSyntaxError",
        "Syntax error in module 'handler': '(' was never closed (handler.py, line 1)",
        not_loaded("Runtime.UserCodeSyntaxError"),
    ),
    Way(
        "a handler that is not there",
        "",
        "Runtime.HandlerNotFound",
        "Handler 'handler' missing on module 'handler'",
        not_loaded("Runtime.HandlerNotFound"),
    ),
    Way(
        "an exception while loading",
        "raise LookupError('no such table')",
        "LookupError",
        "no such table",
        not_loaded("LookupError"),
    ),
    Way(
        "an exit while loading",
        "import os; os._exit(3)",
        "Runtime.ExitError",
        f"RequestId: {REQUEST} Error: Runtime exited with error: exit status 3",
        (
            "Phase: init\tStatus: error\tError Type: Runtime.ExitError",
            "Phase: invoke\tStatus: error\tError Type: Runtime.ExitError",
            f"RequestId: {REQUEST} Error: Runtime exited with error: exit status 3",
        ),
    ),
    Way(
        "loading that takes too long",
        "import time; time.sleep(60)",
        "Sandbox.Timedout",
        f"RequestId: {REQUEST} Error: Task timed out after 0.40 seconds",
        ("Phase: init\tStatus: timeout", "Phase: invoke\tStatus: timeout", "\tStatus: timeout"),
        {"init_limit_s": 0.2, "timeout_s": TIMEOUT_S},
    ),
    Way(
        "an exception of the handler",
        "def handler(event, context): raise ValueError('not a number')",
        "ValueError",
        "not a number",
        (f"START RequestId: {REQUEST}", "[ERROR] ValueError: not a number", f"END RequestId: {REQUEST}"),
    ),
    Way(
        "an answer that is no JSON",
        "def handler(event, context): return {1}",
        "Runtime.MarshalError",
        "Unable to marshal response: Object of type set is not JSON serializable",
        (f"START RequestId: {REQUEST}", "[ERROR] Runtime.MarshalError", f"END RequestId: {REQUEST}"),
    ),
    Way(
        "a handler that takes too long",
        "import time\ndef handler(event, context): time.sleep(60)",
        "Sandbox.Timedout",
        f"RequestId: {REQUEST} Error: Task timed out after 0.40 seconds",
        (f"START RequestId: {REQUEST}", f"{REQUEST} Task timed out after 0.40 seconds", "\tStatus: timeout"),
        {"timeout_s": TIMEOUT_S},
    ),
    Way(
        "a handler that uses more memory than it has",
        "def handler(event, context):\n    kept = []\n    while True: kept.append(bytearray(1 << 20))",
        "Runtime.OutOfMemory",
        f"RequestId: {REQUEST} Error: Runtime exited with error: signal: killed",
        ended("Runtime exited with error: signal: killed", "Runtime.OutOfMemory"),
        {"memory_mb": 64},
    ),
    Way(
        "an exit with a status",
        "import os\ndef handler(event, context): os._exit(7)",
        "Runtime.ExitError",
        f"RequestId: {REQUEST} Error: Runtime exited with error: exit status 7",
        ended("Runtime exited with error: exit status 7"),
    ),
    Way(
        "an exit without a reason",
        "def handler(event, context): exit()",
        "Runtime.ExitError",
        f"RequestId: {REQUEST} Error: Runtime exited without providing a reason",
        ended("Runtime exited without providing a reason"),
    ),
    Way(
        "a kill",
        "import os, signal\ndef handler(event, context): os.kill(os.getpid(), signal.SIGKILL)",
        "Runtime.ExitError",
        f"RequestId: {REQUEST} Error: Runtime exited with error: signal: killed",
        ended("Runtime exited with error: signal: killed"),
    ),
    Way(
        "a segmentation fault",
        "import os, signal\ndef handler(event, context): os.kill(os.getpid(), signal.SIGSEGV)",
        "Runtime.ExitError",
        f"RequestId: {REQUEST} Error: Runtime exited with error: signal: segmentation fault",
        ended("Runtime exited with error: signal: segmentation fault"),
    ),
    Way(
        "an answer over 6 MB",
        "def handler(event, context): return 'x' * 6291556",
        "Function.ResponseSizeTooLarge",
        "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        ("Http response code: 413", "Status: error\tError Type: Function.ResponseSizeTooLarge"),
    ),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_the_caller_and_the_log_are_told_what_aws_tells(way: Way, run: Run) -> None:
    running = run(way.source, **way.changes)
    running.environment.start()
    result = running.invoke()
    answer = json.loads(result.payload)
    assert result.is_error
    assert (answer["errorType"], answer["errorMessage"]) == (way.error_type, way.message)
    assert_in_order(way.log, result.logs)


@pytest.mark.parametrize("way", WAYS[4:6] + WAYS[8:11], ids=lambda way: way.name)
def test_after_the_end_of_its_runtime_nothing_of_it_is_left(way: Way, run: Run) -> None:
    running = run(way.source, **way.changes)
    running.environment.start()
    running.invoke()
    assert running.environment.process_id() is None
    assert not running.scratch.exists()


def test_a_handler_that_could_not_be_loaded_knows_the_request_it_failed(run: Run) -> None:
    running = run("import nowhere")
    running.environment.start()
    assert json.loads(running.invoke().payload)["requestId"] == REQUEST


def test_the_report_of_an_invocation_that_ran_out_of_memory_shows_all_of_it_used(run: Run) -> None:
    out_of_memory = next(way for way in WAYS if way.error_type == "Runtime.OutOfMemory")
    running = run(out_of_memory.source, memory_mb=64)
    running.environment.start()
    assert "Memory Size: 64 MB\tMax Memory Used: 64 MB" in running.invoke().logs


def test_memory_of_the_handlers_own_children_counts(run: Run) -> None:
    running = run(
        "import os\n"
        "def handler(event, context):\n"
        "    if os.fork() == 0:\n"
        "        kept = []\n"
        "        while True: kept.append(bytearray(1 << 20))\n"
        "    os.wait()\n",
        memory_mb=64,
    )
    running.environment.start()
    assert json.loads(running.invoke().payload)["errorType"] == "Runtime.OutOfMemory"


def test_reading_a_large_file_through_a_map_does_not_run_out_of_memory(run: Run) -> None:
    running = run(
        "import mmap, os, tempfile\n"
        "def handler(event, context):\n"
        "    with tempfile.TemporaryFile() as file:\n"
        "        file.write(bytes(80 << 20))\n"
        "        file.flush()\n"
        "        with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:\n"
        "            return sum(mapped[i] for i in range(0, 80 << 20, 4096))\n",
        memory_mb=64,
    )
    running.environment.start()
    assert running.invoke().payload == b"0"


def test_an_answer_of_exactly_the_limit_is_given(run: Run) -> None:
    running = run("def handler(event, context): return 'x' * (6291556 - 2)")
    running.environment.start()
    result = running.invoke()
    assert (result.is_error, len(result.payload)) == (False, 6291556)


def assert_in_order(expected: tuple[str, ...], log: str) -> None:
    position = 0
    for text in expected:
        place = log.find(text, position)
        assert place >= 0, f"{text!r} is not in the rest of the log:\n{log[position:]}"
        position = place + len(text)
