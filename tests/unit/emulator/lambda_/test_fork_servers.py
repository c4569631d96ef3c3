"""Functions are forked where nobody can tell the difference, and start by themselves where somebody could."""

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import psutil
import pytest

from emulator.lambda_ import fork_servers
from emulator.lambda_.fork_servers import ATTEMPTS, MOST, ForkServers, key_of
from emulator.lambda_.interpreters import Interpreter
from emulator.lambda_.launch import Launch
from tests.unit.emulator.lambda_.conftest import Archive, Run, Running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="functions are forked on Linux only")

LOOK = (
    "import os, random, sys, time, uuid\n"
    "def handler(event, context):\n"
    "    loaded = sorted(name for name in sys.modules if '.' not in name)\n"
    "    return {'loaded': loaded, 'random': random.random(), 'uuid': str(uuid.uuid4()), 'zone': time.tzname[0],\n"
    "            'session': os.getsid(0) == os.getpid(), 'arguments': sys.argv}\n"
)


def started(run: Run, source: str | Archive = LOOK, *layers: Archive, **options: Any) -> Running:
    running = run(source, *layers, **options)
    assert running.environment.start() is None
    return running


def parent_of(running: Running) -> psutil.Process:
    pid = running.environment.process_id()
    assert pid is not None
    return psutil.Process(psutil.Process(pid).ppid())


def is_forked(running: Running) -> bool:
    return parent_of(running).pid != os.getpid()


def look(running: Running) -> dict[str, Any]:
    return dict(json.loads(running.invoke().payload))


def test_an_environment_is_forked_and_goes_by_the_name_of_its_function(run: Run) -> None:
    running = started(run)
    pid = running.environment.process_id()
    assert is_forked(running)
    assert Path(f"/proc/{pid}/comm").read_text().strip() == "under-test"


def test_a_forked_function_leads_a_session_of_its_own_and_has_the_arguments_of_one_that_starts_by_itself(
    run: Run,
) -> None:
    forked, alone = started(run), started(run, variables={"MALLOC_ARENA_MAX": "1"})
    assert is_forked(forked)
    assert not is_forked(alone)
    seen = look(forked)
    assert seen["session"] is True
    assert seen["arguments"] == look(alone)["arguments"]


def test_two_forks_draw_different_random_numbers(run: Run) -> None:
    one, other = look(started(run)), look(started(run))
    assert one["random"] != other["random"]
    assert one["uuid"] != other["uuid"]


def test_a_forked_function_has_its_own_time_zone(run: Run) -> None:
    assert look(started(run, variables={"TZ": "XYZ-3"}))["zone"] == "XYZ"


def test_nothing_of_a_package_is_imported_before_the_fork(run: Run) -> None:
    package = {"handler.py": LOOK, "helper.py": "raise SystemExit('imported')\n"}
    running = started(run, package)
    assert is_forked(running)
    assert "helper" not in look(running)["loaded"]


@pytest.mark.parametrize("name", ["six", "botocore", "json", "awscrt", "awslambdaric"])
@pytest.mark.parametrize("where", ["package", "layer"])
def test_a_function_that_brings_a_module_the_server_has_or_has_missed_starts_by_itself(
    run: Run, name: str, where: str
) -> None:
    own = f"{name}/own.py"
    running = (
        started(run, {"handler.py": LOOK, own: ""}) if where == "package" else started(run, LOOK, {f"python/{own}": ""})
    )
    assert not is_forked(running)


def test_the_functions_own_version_of_a_library_is_the_one_it_gets(run: Run) -> None:
    source = "import six\ndef handler(event, context):\n    return six.MINE\n"
    running = started(run, {"handler.py": source, "six.py": "MINE = 'mine'\n"})
    assert json.loads(running.invoke().payload) == "mine"


@pytest.mark.parametrize(
    "variables",
    [{"PYTHONPATH": "/somewhere"}, {"LD_PRELOAD": ""}, {"LC_ALL": "C"}, {"LANG": "C"}, {"MALLOC_ARENA_MAX": "1"}],
    ids=lambda variables: next(iter(variables)),
)
def test_variables_that_are_read_when_a_process_starts_make_a_function_start_by_itself(
    run: Run, variables: dict[str, str]
) -> None:
    assert not is_forked(started(run, variables=variables))


def test_an_environment_outlives_the_server_it_was_forked_from_and_the_next_one_starts_all_the_same(run: Run) -> None:
    first = started(run)
    server = parent_of(first)
    server.kill()
    server.wait()
    assert look(first)["session"] is True
    second = started(run)
    assert look(second)["session"] is True
    first.environment.stop()
    assert first.environment.process_id() is None


@pytest.fixture
def launch(interpreter: Interpreter, runtime: Path, tmp_path: Path) -> Launch:
    """A launch of a function that was never built: for the servers' own rules."""
    variables = {"PYTHONPATH": str(runtime), "LANG": "en_US.UTF-8", "LD_LIBRARY_PATH": f"{tmp_path}/a:{tmp_path}/b"}
    variables |= {"LAMBDA_TASK_ROOT": str(tmp_path), "LAMBDA_RUNTIME_DIR": str(runtime)}
    return Launch(interpreter.program, runtime, tmp_path / "opt", "x.y", variables, tmp_path)


def test_folders_without_shared_libraries_share_a_server_and_others_have_their_own(
    launch: Launch, tmp_path: Path
) -> None:
    elsewhere = replace(launch, variables={**launch.variables, "LD_LIBRARY_PATH": f"{tmp_path}/c"})
    assert key_of(elsewhere) == key_of(launch)
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "libown.so.1").touch()
    assert key_of(elsewhere) != key_of(launch)


def test_a_system_that_cannot_fork_starts_every_function_by_itself(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fork_servers, "CAN_FORK", False)
    assert key_of(launch) is None


class Fake:
    """A server that starts no process."""

    made: ClassVar[list["Fake"]]
    lost = False

    def __init__(self, _launch: Launch) -> None:
        self.children, self.ended = 0, False
        self.made.append(self)

    def fork(self, _launch: Launch, _leash: int, _output: int) -> int:
        if self.lost:
            raise fork_servers.ServerLostError("killed")
        self.children += 1
        return 1

    def end(self) -> None:
        self.ended = True


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[Fake]:
    """Stands in for ForkServer."""

    class Mine(Fake):
        made: ClassVar[list[Fake]] = []

    monkeypatch.setattr(fork_servers, "ForkServer", Mine)
    return Mine


def kinds(launch: Launch, tmp_path: Path, number: int) -> list[Launch]:
    """Launches that need a server each."""
    found = []
    for name in map(str, range(number)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "libown.so").touch()
        found.append(replace(launch, variables={**launch.variables, "LD_LIBRARY_PATH": str(tmp_path / name)}))
    return found


def test_no_more_servers_than_the_most_are_kept_and_one_without_children_makes_room(
    launch: Launch, tmp_path: Path, fake: type[Fake]
) -> None:
    servers = ForkServers()
    launches = kinds(launch, tmp_path, MOST + 1)
    forked = [servers.fork(each, 0, 1) for each in launches]
    assert [found is not None for found in forked] == [True] * MOST + [False]
    fake.made[1].children = 0
    assert servers.fork(launches[-1], 0, 1) is not None
    assert [server.ended for server in fake.made] == [False, True] + [False] * (MOST - 1)


def test_a_kind_of_server_that_is_lost_again_and_again_is_given_up(launch: Launch, fake: type[Fake]) -> None:
    fake.lost = True
    servers = ForkServers()
    assert [servers.fork(launch, 0, 1) for _ in range(ATTEMPTS + 2)] == [None] * (ATTEMPTS + 2)
    assert len(fake.made) == ATTEMPTS
    assert all(server.ended for server in fake.made)


def test_a_function_whose_server_is_gone_counts_as_killed(launch: Launch, run: Run) -> None:
    server = fork_servers.ForkServer(launch)
    server.end()
    assert server.reap(1) == -signal.SIGKILL
