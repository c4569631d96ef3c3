"""Nothing that a function starts outlives its environment, however it was detached and however that ends."""

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import pytest

from tests.unit.emulator.lambda_.conftest import Run, Running
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")

DETACHED = (
    "import os, signal, subprocess, sys, time\n"
    "def doubly_forked(stubborn=False):\n"
    "    reading, writing = os.pipe()\n"
    "    if not (first := os.fork()):\n"
    "        os.setsid()\n"
    "        if second := os.fork():\n"
    "            os.write(writing, str(second).encode())\n"
    "            os._exit(0)\n"
    "        for each in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT) if stubborn else ():\n"
    "            signal.signal(each, signal.SIG_IGN)\n"
    "        os.closerange(0, 256)\n"
    "        time.sleep(300)\n"
    "        os._exit(0)\n"
    "    os.waitpid(first, 0)\n"
    "    return int(os.read(reading, 20))\n"
    "def stopped():\n"
    "    pid = subprocess.Popen(['sleep', '300'], start_new_session=True).pid\n"
    "    os.kill(pid, signal.SIGSTOP)\n"
    "    return pid\n"
    "def from_a_shell():\n"
    "    return int(subprocess.check_output(['setsid', 'sh', '-c', 'sleep 300 >&- 2>&- & echo $!'], env={}))\n"
    "def detach():\n"
    "    return [subprocess.Popen(['sleep', '300']).pid,\n"
    "            subprocess.Popen(['sleep', '300'], start_new_session=True, env={}).pid,\n"
    "            doubly_forked(), doubly_forked(stubborn=True), stopped(), from_a_shell()]\n"
)
HANDLER = DETACHED + (
    "def handler(event, context):\n"
    "    pids = detach()\n"
    "    with open(event['file'], 'w') as file: file.write(' '.join(map(str, pids)))\n"
    "    os.rename(event['file'], event['file'] + '.done')\n"
    "    match event['then']:\n"
    "        case 'crash': os.kill(os.getpid(), signal.SIGKILL)\n"
    "        case 'exit': os._exit(3)\n"
    "        case 'hang': time.sleep(300)\n"
    "        case 'grow': held = b'x' * (512 << 20)\n"
)
APART = {"MALLOC_ARENA_MAX": "1"}
"""Because of this variable a function is not forked."""

End = Callable[[Running], object]


def killed(running: Running) -> None:
    pid = running.environment.process_id()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def killed_after_its_fork_server(running: Running) -> None:
    pid = running.environment.process_id()
    assert pid is not None
    for ancestor in psutil.Process(pid).parents():
        if any("fork_server.py" in word for word in ancestor.cmdline()) and ancestor.name() != "lambda-keeper":
            ancestor.kill()
    killed(running)


ENDS: dict[str, tuple[str, End]] = {
    "it is stopped": ("return", lambda running: running.environment.stop()),
    "its process is killed between two events": ("return", killed),
    "its process is killed after its fork server": ("return", killed_after_its_fork_server),
    "its process kills itself": ("crash", lambda _: None),
    "its process exits": ("exit", lambda _: None),
    "it times out": ("hang", lambda _: None),
    "it has no memory left": ("grow", lambda _: None),
}


def is_gone(pid: int) -> bool:
    """Whether a process is over; one that nobody has waited for yet is."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def is_waited_for(pid: int) -> bool:
    return not psutil.pid_exists(pid)


def pids_in(file: Path) -> list[int]:
    done = file.with_name(file.name + ".done")
    assert until(done.exists)
    return list(map(int, done.read_text().split()))


def all_gone(pids: list[int]) -> bool:
    return all(map(is_gone, pids))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a function tells what it has started."""
    return tmp_path / "pids"


@pytest.mark.parametrize(
    ("end", "variables"),
    [*((end, {}) for end in ENDS), ("it is stopped", APART), ("its process kills itself", APART)],
)
def test_what_a_function_has_detached_ends_with_its_environment_when(
    end: str, variables: dict[str, str], run: Run, file: Path
) -> None:
    then, act = ENDS[end]
    running = run(HANDLER, variables=variables, timeout_s=2 if then == "hang" else 30)
    assert running.environment.start() is None
    result = running.invoke(json.dumps({"file": str(file), "then": then}).encode())
    assert result.is_error == (then != "return")
    pids = pids_in(file)
    assert len(pids) == 6
    if then == "return":
        assert not any(map(is_gone, pids))
    act(running)
    assert until(lambda: all_gone(pids))


def test_what_a_function_has_detached_while_it_was_initialized_ends_with_its_environment(run: Run, file: Path) -> None:
    source = DETACHED + f"open({str(file)!r} + '.done', 'w').write(' '.join(map(str, detach())))\nraise ValueError\n"
    running = run(source)
    assert running.environment.start() is not None
    assert all_gone(pids_in(file))


def test_a_process_that_a_function_has_left_and_that_is_over_is_waited_for(run: Run) -> None:
    running = run(
        "import subprocess\n"
        "def handler(event, context): return int(subprocess.check_output(['sh', '-c', 'true >&- & echo $!']))\n"
    )
    assert running.environment.start() is None
    for _ in range(3):
        pid = int(running.invoke().payload)
        assert until(partial(is_waited_for, pid))


OWNER = """
import sys
from pathlib import Path
from wavetank.emulator.lambda_.execution.environment import Call, Environment, ProcessInputs
from wavetank.emulator.lambda_.execution.function import Function
from wavetank.emulator.lambda_.packages.interpreters import interpreter_for

runtime, task, scratch, event, variables = sys.argv[1:]
own = {"MALLOC_ARENA_MAX": "1"} if variables else {}
function = Function("f", "1", "handler.handler", "us-east-1", 128, 60.0, interpreter_for("python3.13"), Path(runtime),
                    Path(task), None)
environment = Environment(function, ProcessInputs({}, own, Path(scratch)))
environment.start()
environment.invoke(Call("r", "arn", event.encode()))
"""


@pytest.mark.parametrize("variables", ["", "apart"], ids=["forked", "apart"])
@pytest.mark.parametrize("then", ["return", "hang"])
def test_what_a_function_has_detached_ends_with_an_emulator_that_is_killed(
    then: str, variables: str, run: Run, runtime: Path, file: Path, tmp_path: Path
) -> None:
    built = run(HANDLER)
    event = json.dumps({"file": str(file), "then": then})
    arguments = [str(runtime), str(built.function.task_root), str(tmp_path / "scratch"), event, variables]
    owner = subprocess.Popen([sys.executable, "-c", OWNER + "sys.stdin.read()", *arguments], stdin=subprocess.PIPE)
    pids = pids_in(file)
    assert not any(map(is_gone, pids))
    owner.kill()
    owner.communicate()
    assert until(lambda: all_gone(pids))


def test_a_function_ends_with_its_keeper(run: Run) -> None:
    running = run("def handler(event, context): return event")
    assert running.environment.start() is None
    pid = running.environment.process_id()
    assert pid is not None
    psutil.Process(pid).parent().kill()  # type: ignore[union-attr]
    assert until(lambda: is_gone(pid))
    assert running.invoke(b"7").payload == b"7"


def test_a_process_that_is_another_all_the_time_is_caught(run: Run, file: Path) -> None:
    """All of them hold one lock, which is free once there is none."""
    running = run(
        "import fcntl, os\n"
        "def handler(event, context):\n"
        "    lock = os.open(event, os.O_CREAT | os.O_RDWR)\n"
        "    fcntl.flock(lock, fcntl.LOCK_EX)\n"
        "    if not os.fork():\n"
        "        os.setsid()\n"
        "        while True:\n"
        "            if os.fork(): os._exit(0)\n"
    )
    assert running.environment.start() is None
    assert not running.invoke(json.dumps(str(file)).encode()).is_error
    running.environment.stop()
    with file.open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
