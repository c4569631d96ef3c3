"""`wavetank up | down | status | logs`, as a user runs them."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.waiting import until
from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.process import listen
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

WAVETANK = Path(sys.executable).parent / "wavetank"
USERS = {
    "DEBUG": "1",
    "LOCALSTACK_AUTH_TOKEN": "secret",
    "AWS_PROFILE": "no-such-profile",
    "HTTP_PROXY": "http://127.0.0.1:1",
}
DOWN_WITHIN_S = 20.0
INTERRUPTED = 130

WAYS_TO_BE_ALONE = (("unshare", "--net"), ("unshare", "--map-root-user", "--net"))
SIGNS_OF_CALLING_OUT = ("resolve", "resolution", "unreachable", "Connection refused", "Max retries", "ConnectionError")

WITHOUT_NETWORK = """
set -e
{python} -c '
import fcntl, socket, struct
lo, up = struct.pack("16sh", b"lo", 1), 0x8914
fcntl.ioctl(socket.socket(), up, lo)'
{wavetank} up --port 0 --json --log-level debug
{wavetank} logs --stack -n 100000
{wavetank} down --all
"""


@dataclass(frozen=True)
class CommandLine:
    """The command, with a state folder of its own."""

    home: Home

    def environment(self) -> dict[str, str]:
        """A user's environment, with things in it that must not matter."""
        named = {"WAVETANK_HOME": str(self.home.path), "WAVETANK_CACHE": str(self.home.cache)}
        unset = ("AWS_ENDPOINT_URL", "WAVETANK_PORT")
        kept = {name: value for name, value in os.environ.items() if name not in unset}
        return kept | USERS | named

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return subprocess.run(
            [WAVETANK, *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start it, in a process group of its own as a shell would."""
        return subprocess.Popen(
            [WAVETANK, *arguments], env=self.environment(), stderr=subprocess.PIPE, text=True, process_group=0
        )


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    command = CommandLine(Home(tmp_path_factory.mktemp("home"), Home.from_environment().cache))
    yield command
    command.run("down", "--all")


@pytest.fixture(scope="module")
def stale_port(command: CommandLine) -> int:
    """A port with what a killed stack leaves behind."""
    with listen(0) as bound:
        port = int(bound.getsockname()[1])
    folder = command.home.stack(port)
    folder.tmp.mkdir(parents=True)
    folder.record.write_text(json.dumps({"port": port, "pid": 2**22 + 1, "began": 0.0}))
    return port


@pytest.fixture(scope="module")
def up(command: CommandLine, stale_port: int) -> subprocess.CompletedProcess[str]:
    """`wavetank up` with nothing deployed, on the port where a stack was killed."""
    return command.run("up", "--port", str(stale_port), "--no-deploy")


@pytest.fixture(scope="module")
def running(up: subprocess.CompletedProcess[str], command: CommandLine) -> EmbeddedStack:
    """The stack that `up` started."""
    assert up.returncode == 0, up.stderr
    (stack,) = EmbeddedStack.running(command.home)
    return stack


def test_up_tells_where_the_stack_is_and_how_to_use_it(
    up: subprocess.CompletedProcess[str], running: EmbeddedStack
) -> None:
    assert f"export AWS_ENDPOINT_URL={running.endpoint_url}" in up.stdout
    assert "not deployed" in up.stdout


def test_up_cleans_up_after_a_stack_that_was_killed(up: subprocess.CompletedProcess[str], stale_port: int) -> None:
    assert f"cleaned up after a stack on port {stale_port}" in up.stderr


def test_the_stack_outlives_the_command_in_a_session_of_its_own(running: EmbeddedStack) -> None:
    assert os.getsid(running.pid) == os.getpgid(running.pid) == running.pid
    assert psutil.Process(running.pid).environ().keys().isdisjoint(USERS)


def test_up_again_says_that_it_is_up_and_starts_nothing(command: CommandLine, running: EmbeddedStack) -> None:
    again = command.run("up", "--port", str(running.port), "--no-deploy", "--json")
    assert again.returncode == 0, again.stderr
    outcome = json.loads(again.stdout)
    assert (outcome["already_up"], outcome["pid"]) == (True, running.pid)


def test_status_lists_what_is_up(command: CommandLine, running: EmbeddedStack) -> None:
    (listed,) = json.loads(command.run("status", "--json").stdout)
    assert (listed["port"], listed["pid"], listed["ready"]) == (running.port, running.pid, True)
    assert listed["deployed"] is False
    assert all(listed["plugins"].values())
    assert str(running.port) in command.run("status").stdout


def test_logs_prints_the_last_lines_of_the_stack(command: CommandLine, running: EmbeddedStack) -> None:
    running.control.status()
    assert until(lambda: "/_wavetank/status" in command.run("logs", "--stack", "-n", "5").stdout)


def test_down_returns_in_time_with_traffic_in_flight_and_leaves_nothing(
    command: CommandLine, running: EmbeddedStack
) -> None:
    over = threading.Event()
    for number in range(4):
        threading.Thread(target=send, args=(running, over, number), daemon=True).start()
    try:
        assert until(lambda: running.control.status()["services"])
        process = psutil.Process(running.pid)
        _, just_to_start = timed(command, "--help")
        done, took = timed(command, "down")
    finally:
        over.set()
    assert done.returncode == 0, done.stderr
    assert took - just_to_start < DOWN_WITHIN_S
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert not running.folder.path.exists()
    listen(running.port).close()


def timed(command: CommandLine, argument: str) -> tuple[subprocess.CompletedProcess[str], float]:
    """Run the command; its result and how long it took, in seconds."""
    begun = time.monotonic()
    return command.run(argument), time.monotonic() - begun


def send(stack: EmbeddedStack, over: threading.Event, number: int) -> None:
    """Write to the stack until the event, whatever becomes of it."""
    stream = f"traffic-{number}"
    s3, kinesis = stack.client("s3"), stack.client("kinesis")
    try:
        s3.create_bucket(Bucket=stream)
        kinesis.create_stream(StreamName=stream, ShardCount=1)
        while not over.is_set():
            s3.put_object(Bucket=stream, Key="key", Body=b"x" * 100_000)
            kinesis.put_record(StreamName=stream, PartitionKey="key", Data=b"x" * 1000)
    except Exception:
        over.wait()


def test_ctrl_c_while_starting_stops_everything(tmp_path: Path) -> None:
    command = CommandLine(Home(tmp_path, Home.from_environment().cache))
    with command.start("up", "--port", "0") as starting:
        assert until(lambda: EmbeddedStack.running(command.home))
        (stack,) = EmbeddedStack.running(command.home)
        process = psutil.Process(stack.pid)
        starting.send_signal(signal.SIGINT)
        _, said = starting.communicate(timeout=10)
    assert starting.returncode == INTERRUPTED
    assert "Traceback" not in said
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert EmbeddedStack.running(command.home) == []


def test_a_stack_starts_and_deploys_with_the_network_cut(tmp_path: Path) -> None:
    alone = next((way for way in WAYS_TO_BE_ALONE if is_permitted(way)), None)
    if alone is None:
        pytest.skip("this user may not make a network namespace: `unshare --net` is refused")
    command = CommandLine(Home(tmp_path, Home.from_environment().cache))
    script = WITHOUT_NETWORK.format(python=sys.executable, wavetank=WAVETANK)
    done = subprocess.run(
        [*alone, "sh", "-c", script],
        env=command.environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    outcome, *log = done.stdout.splitlines()
    assert json.loads(outcome)["deployed"] is True
    assert len(log) > 100
    assert [line for line in log if any(sign in line for sign in SIGNS_OF_CALLING_OUT)] == []


def is_permitted(way: tuple[str, ...]) -> bool:
    """Whether this user may run a program that way."""
    try:
        return subprocess.run([*way, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def struck(home: Home) -> set[str]:
    """The faults that have struck on any stack."""
    return {firing["fault"] for stack in EmbeddedStack.running(home) for firing in stack.control.activity()}


def test_ctrl_c_while_drills_run_ends_them_and_their_stacks_at_once(tmp_path: Path) -> None:
    """What a drill waits for, here the SDK of a function, may be half a minute away."""
    command = CommandLine(Home(tmp_path, Home.from_environment().cache))
    with command.start("drill", "late-write", "lost-answers") as drilling:
        assert until(lambda: "slow-write" in struck(command.home), timeout_s=120)
        processes = [psutil.Process(stack.pid) for stack in EmbeddedStack.running(command.home)]
        drilling.send_signal(signal.SIGINT)
        _, said = drilling.communicate(timeout=10)
    assert drilling.returncode == INTERRUPTED
    assert "Traceback" not in said
    assert processes
    assert not [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
