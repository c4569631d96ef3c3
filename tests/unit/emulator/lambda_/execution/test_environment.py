"""The life of an execution environment, with real processes."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.unit.emulator.lambda_.conftest import Run, Running
from wavetank.emulator.lambda_.execution.environment import Stopped
from wavetank.emulator.lambda_.execution.function import LogFormat

DEADLINE_S = 10.0
INVOCATIONS = 500
MOST_KILLS = 20
COUNTS = "calls = 0\ndef handler(event, context):\n    global calls\n    calls += 1\n    return calls\n"
BLOCKS = (
    "import os, pathlib, time\n"
    "def handler(event, context):\n"
    "    pathlib.Path(event).touch()\n"
    "    while pathlib.Path(event).exists(): time.sleep(0.005)\n"
    "    return 'done'\n"
)


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(0.005)


def answer(running: Running, event: object = None) -> object:
    result = running.invoke(json.dumps(event).encode())
    assert not result.is_error, result
    return json.loads(result.payload)


def is_gone(pid: int) -> bool:
    """Whether a process is over; one that nobody has waited for yet is."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_warm_environment_keeps_its_state_between_events(run: Run) -> None:
    running = run(COUNTS)
    assert running.environment.start() is None
    assert [answer(running) for _ in range(3)] == [1, 2, 3]


def test_only_the_first_report_shows_the_initialization(run: Run) -> None:
    running = run(COUNTS)
    running.environment.start()
    first, second = running.invoke().logs, running.invoke().logs
    assert first.startswith("INIT_START Runtime Version: python:3.13")
    assert "Init Duration:" in first
    assert second.startswith("START RequestId: request-2")
    assert "Init Duration:" not in second


@pytest.mark.parametrize("end", ["os._exit(1)", "os.kill(os.getpid(), 9)", "time.sleep(60)"])
def test_the_event_after_a_failure_gets_a_fresh_process_and_an_empty_tmp(end: str, run: Run) -> None:
    running = run(
        "import os, tempfile, time\n"
        "from pathlib import Path\n"
        "calls = 0\n"
        "def handler(event, context):\n"
        "    global calls\n"
        "    calls += 1\n"
        "    left = sorted(os.listdir(tempfile.gettempdir()))\n"
        "    Path(tempfile.gettempdir(), 'left').touch()\n"
        f"    if event == 'end': {end}\n"
        "    return calls, left\n",
        timeout_s=1,
    )
    running.environment.start()
    assert answer(running) == [1, []]
    assert answer(running) == [2, ["left"]]
    assert running.invoke(b'"end"').is_error
    assert answer(running) == [1, []]


def test_a_process_killed_between_two_events_costs_neither_of_them(run: Run) -> None:
    running = run(COUNTS)
    running.environment.start()
    assert answer(running) == 1
    pid = running.environment.process_id()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: running.environment.process_id() is None)
    assert answer(running) == 1


def test_a_first_initialization_that_failed_is_made_good_by_the_first_event(run: Run, tmp_path: Path) -> None:
    switch = tmp_path / "works"
    running = run(f"import os\nif not os.path.exists({str(switch)!r}): raise OSError('not yet')\n" + COUNTS)
    assert running.environment.start() is not None
    switch.touch()
    result = running.invoke()
    assert (result.is_error, result.payload) == (False, b"1")
    assert "Phase: init\tStatus: error\tError Type: OSError" in result.logs
    assert "Init Duration:" not in result.logs.rpartition("REPORT")[2]


def test_standard_output_and_error_stay_in_order(run: Run) -> None:
    running = run(
        "import os, sys\n"
        "def handler(event, context):\n"
        "    for number in range(100):\n"
        "        print(number, file=(sys.stdout, sys.stderr)[number % 2])\n"
        "    os.system('echo from a child')\n"
    )
    running.environment.start()
    lines = running.invoke().logs.splitlines()
    assert [line for line in lines if line.isdigit()] == [str(number) for number in range(100)]
    assert lines.index("from a child") == lines.index("99") + 1


def test_more_output_than_a_pipe_holds_is_all_logged(run: Run) -> None:
    running = run("def handler(event, context):\n    for _ in range(3000): print('x' * 1000)\n")
    running.environment.start()
    assert running.invoke().logs.count("x" * 1000) == 3000


def test_the_context_tells_the_truth(run: Run) -> None:
    running = run(
        "def handler(event, context):\n"
        "    return [context.aws_request_id, context.invoked_function_arn, context.function_name,\n"
        "            context.get_remaining_time_in_millis()]\n",
        timeout_s=7,
    )
    running.environment.start()
    request_id, arn, name, left_ms = json.loads(running.invoke().payload)
    assert (request_id, name) == ("request-1", "under-test")
    assert arn == "arn:aws:lambda:us-east-1:000000000000:function:under-test"
    assert 5000 < left_ms <= 7000


def test_in_json_format_every_line_of_lambda_and_of_the_logger_is_an_object(run: Run) -> None:
    running = run(
        "import logging\ndef handler(event, context): logging.getLogger().warning('careful')",
        log_format=LogFormat.JSON,
        initialization="provisioned-concurrency",
    )
    running.environment.start()
    lines = [json.loads(line) for line in running.invoke().logs.splitlines()]
    assert lines[0]["record"]["initializationType"] == "provisioned-concurrency"
    assert [line.get("type") or line["message"] for line in lines] == [
        "platform.initStart",
        "platform.start",
        "careful",
        "platform.report",
    ]


def test_a_stopped_environment_leaves_neither_process_nor_folder(run: Run) -> None:
    running = run(COUNTS)
    running.environment.start()
    pid = running.environment.process_id()
    assert pid is not None
    assert running.scratch.is_dir()
    running.environment.stop()
    assert is_gone(pid)
    assert not running.scratch.exists()
    with pytest.raises(Stopped):
        running.invoke()


def test_a_stop_that_may_wait_lets_the_running_invocation_finish(run: Run, tmp_path: Path) -> None:
    running, gate, answers = run(BLOCKS), tmp_path / "gate", list[object]()
    running.environment.start()
    invoking = threading.Thread(target=lambda: answers.append(answer(running, str(gate))))
    invoking.start()
    until(gate.exists)

    def open_gate_and_wait() -> bool:
        gate.unlink(missing_ok=True)
        return True

    running.environment.stop(open_gate_and_wait)
    invoking.join(DEADLINE_S)
    assert answers == ["done"]


def test_an_event_assigned_just_before_an_orderly_stop_still_runs(run: Run) -> None:
    running = run(COUNTS)
    running.environment.start()
    running.environment.stop(lambda: True)
    assert answer(running) == 1
    assert running.environment.process_id() is None
    assert not running.scratch.exists()


def test_a_stop_that_may_not_wait_ends_the_running_invocation(run: Run, tmp_path: Path) -> None:
    running, gate, results = run(BLOCKS), tmp_path / "gate", list[bytes]()
    running.environment.start()
    event = json.dumps(str(gate)).encode()
    invoking = threading.Thread(target=lambda: results.append(running.invoke(event).payload))
    invoking.start()
    until(gate.exists)
    running.environment.stop()
    invoking.join(DEADLINE_S)
    assert json.loads(results[0])["errorType"] == "Runtime.ExitError"


@pytest.mark.parametrize("detached", [False, True], ids=["in its group", "told to outlive it"])
def test_what_a_handler_started_ends_with_its_environment(detached: bool, run: Run) -> None:
    running = run(
        "import subprocess, signal\n"
        "def handler(event, context):\n"
        f"    ignore = (lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) if {detached} else None\n"
        "    return subprocess.Popen(['sleep', '60'], preexec_fn=ignore).pid\n"
    )
    running.environment.start()
    pid = answer(running)
    assert isinstance(pid, int)
    running.environment.stop()
    until(lambda: is_gone(pid))


def test_random_kills_lose_and_double_no_answer(run: Run) -> None:
    running, over, kills = run("def handler(event, context): return event"), threading.Event(), list[int]()
    processes, threads = psutil.Process().children(), threading.active_count()
    descriptors, ports = psutil.Process().num_fds(), listening()
    running.environment.start()

    def kill_now_and_then() -> None:
        pauses = random.Random(7)
        while len(kills) < MOST_KILLS and not over.wait(pauses.uniform(0.01, 0.1)):
            if (pid := running.environment.process_id()) is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    kills.append(pid)

    killer = threading.Thread(target=kill_now_and_then)
    killer.start()
    results = [running.invoke(str(event).encode()) for event in range(INVOCATIONS)]
    over.set()
    killer.join(DEADLINE_S)
    running.environment.stop()
    for event, result in enumerate(results):
        expected = exit_error(f"request-{event + 1}") if result.is_error else event
        assert json.loads(result.payload) == expected
        assert result.logs.count(f"\nREPORT RequestId: request-{event + 1}\t") == 1
    assert 0 < sum(result.is_error for result in results) <= len(kills)
    assert (psutil.Process().children(), threading.active_count()) == (processes, threads)
    assert (psutil.Process().num_fds(), listening()) == (descriptors, ports)
    assert not running.scratch.exists()


def listening() -> set[int]:
    """The ports that this process listens on."""
    connections = psutil.Process().net_connections("tcp")
    return {connection.laddr.port for connection in connections if connection.status == psutil.CONN_LISTEN}


def exit_error(request_id: str) -> dict[str, str]:
    message = f"RequestId: {request_id} Error: Runtime exited with error: signal: killed"
    return {"errorType": "Runtime.ExitError", "errorMessage": message}


OWNER = """
import sys
from pathlib import Path
from wavetank.emulator.lambda_.execution.environment import Environment, ProcessInputs
from wavetank.emulator.lambda_.execution.function import Function
from wavetank.emulator.lambda_.packages.interpreters import interpreter_for

runtime, task, scratch = map(Path, sys.argv[1:])
interpreter = interpreter_for("python3.13")
function = Function("f", "1", "handler.handler", "us-east-1", 128, 60.0, interpreter, runtime, task, None)
environment = Environment(function, ProcessInputs({}, {}, scratch))
environment.start()
from wavetank.emulator.lambda_.execution.environment import Call
print(environment.process_id(), environment.invoke(Call("r", "arn", b"1")).payload.decode(), flush=True)
environment.invoke(Call("r", "arn", b"2"))
"""


def test_no_process_outlives_an_emulator_that_is_killed(run: Run, runtime: Path, tmp_path: Path) -> None:
    busy = run(
        "import subprocess\n"
        "def handler(event, context):\n"
        "    if event == 1: return subprocess.Popen(['sleep', '60']).pid\n"
        "    while True: pass\n"
    )
    arguments = [str(runtime), str(busy.function.task_root), str(tmp_path / "scratch")]
    owner = subprocess.Popen([sys.executable, "-c", OWNER, *arguments], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    child, grandchild = map(int, owner.stdout.readline().split())
    assert not is_gone(child)
    assert not is_gone(grandchild)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    until(lambda: is_gone(child) and is_gone(grandchild))
