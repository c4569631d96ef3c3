"""Functions are forked where nobody can tell the difference, and start by themselves where somebody could."""

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, cast

import psutil
import pytest

from tests.unit.emulator.lambda_.conftest import Archive, Run, Running
from wavetank.emulator.lambda_.packages.interpreters import Interpreter
from wavetank.emulator.lambda_.process import child, fork_servers
from wavetank.emulator.lambda_.process.fork_servers import (
    ATTEMPTS,
    MOST,
    ForkServer,
    ForkServers,
    ServerLostError,
    key_of,
)
from wavetank.emulator.lambda_.process.launch import Launch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="functions are forked on Linux only")

AT_ONCE_S = 5.0
"""Far less than the function of a fork that nobody can kill would take."""

LOOK = (
    "import os, random, sys, time\n"
    "IMPORTED = os.getpid()\n"
    "def handler(event, context):\n"
    "    loaded = sorted(name for name in sys.modules if '.' not in name)\n"
    "    return {'loaded': loaded, 'random': random.random(), 'zone': time.tzname[0], 'imported': IMPORTED,\n"
    "            'session': os.getsid(0) == os.getpid(), 'arguments': sys.argv}\n"
)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions wait for a server even on a machine that has much else to do."""
    monkeypatch.setattr(fork_servers, "READY_S", 60.0)


def started(run: Run, source: str | Archive = LOOK, *layers: Archive, **options: Any) -> Running:
    """An environment that was started while there is a server that could fork it."""
    running = run(source, *layers, **options)
    assert running.environment.start() is None
    return running


def starter_of(running: Running) -> psutil.Process:
    """The process that has started the keeper of an environment's process."""
    pid = running.environment.process_id()
    assert pid is not None
    keeper = psutil.Process(psutil.Process(pid).ppid())
    return psutil.Process(keeper.ppid())


def is_forked(running: Running) -> bool:
    return starter_of(running).pid != os.getpid()


def runs(pid: int) -> bool:
    """Whether a process runs still; one that nobody has waited for does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


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


def test_a_forked_function_has_its_own_time_zone(run: Run) -> None:
    assert look(started(run, variables={"TZ": "XYZ-3"}))["zone"] == "XYZ"


def test_nothing_of_a_package_is_imported_before_the_fork(run: Run) -> None:
    running = started(run)
    assert is_forked(running)
    assert look(running)["imported"] == running.environment.process_id()


def test_functions_wait_for_a_server_that_is_starting(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    servers = ForkServers()
    monkeypatch.setattr("wavetank.emulator.lambda_.process.child.FORK_SERVERS", servers)
    for running in (run(LOOK), run(LOOK)):
        assert running.environment.start() is None
        assert is_forked(running)
    servers.close()


def test_functions_wait_no_longer_for_a_server_than_it_has_to_start(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    servers = ForkServers()
    monkeypatch.setattr("wavetank.emulator.lambda_.process.child.FORK_SERVERS", servers)
    monkeypatch.setattr(fork_servers, "READY_S", 0.0)
    running = run(LOOK)
    assert running.environment.start() is None
    assert not is_forked(running)
    servers.close()


IMPORTED = "import os\nMADE_BY = os.getpid()\ntry:\n    from . import _absent\nexcept ImportError:\n    pass\n"
NUMPY = {"python/numpy/__init__.py": IMPORTED}
VERSION = f"python{sys.version_info[0]}.{sys.version_info[1]}"
MADE_BY = "import numpy, os\ndef handler(event, context): return [numpy.MADE_BY, numpy.__file__, os.getpid()]\n"


@pytest.mark.parametrize("folder", ["python", f"python/lib/{VERSION}/site-packages"])
def test_numpy_of_a_layer_is_imported_before_the_fork(run: Run, folder: str) -> None:
    about = {f"{folder}/numpy-2.5.5.dist-info/licenses/numpy/LICENSE": "", f"{folder}/numpy.libs/lib.so.1": ""}
    running = started(run, MADE_BY, {f"{folder}/numpy/__init__.py": IMPORTED} | about)
    made_by, file, pid = json.loads(running.invoke().payload)
    assert is_forked(running)
    assert made_by == starter_of(running).pid != pid
    assert file.endswith(f"/{folder}/numpy/__init__.py")


def test_random_numbers_of_a_numpy_that_imports_them_at_once_begin_anew_in_each_environment(run: Run) -> None:
    numpy = {
        "python/numpy/__init__.py": "from . import random\n",
        "python/numpy/random.py": "import os\ndef seed():\n    global STATE\n    STATE = os.getpid()\nseed()\n",
    }
    source = "import numpy, os\ndef handler(event, context): return [numpy.random.STATE, os.getpid()]\n"
    running = started(run, source, numpy)
    assert is_forked(running)
    state, pid = json.loads(running.invoke().payload)
    assert state == pid


def test_a_function_without_numpy_is_not_given_that_of_another(run: Run) -> None:
    assert is_forked(started(run, MADE_BY, NUMPY))
    loaded = started(run)
    assert is_forked(loaded)
    assert "numpy" not in look(loaded)["loaded"]


def test_a_function_with_a_numpy_of_its_own_is_given_that_and_not_the_layers(run: Run) -> None:
    own = {"handler.py": MADE_BY, "numpy.py": "MADE_BY = 0\n"}
    running = started(run, own, NUMPY)
    assert not is_forked(running)
    assert json.loads(running.invoke().payload)[0] == 0


@pytest.mark.parametrize("name", ["OPENBLAS_NUM_THREADS", "NPY_DISABLE_CPU_FEATURES"])
def test_numpy_is_imported_by_a_function_that_says_how_it_is_to_be(run: Run, name: str) -> None:
    running = started(run, MADE_BY, NUMPY, variables={name: "1"})
    made_by, _, pid = json.loads(running.invoke().payload)
    assert is_forked(running)
    assert made_by == pid


def test_a_function_whose_layers_have_a_numpy_for_another_python_is_forked_without(run: Run) -> None:
    assert is_forked(started(run, LOOK, {"python/lib/python3.1/site-packages/numpy/__init__.py": IMPORTED}))


def test_a_function_with_another_numpy_deep_in_its_layer_starts_by_itself(run: Run) -> None:
    assert not is_forked(started(run, LOOK, NUMPY | {"python/vendor/numpy.py": ""}))


def test_a_function_whose_layers_have_a_numpy_that_cannot_be_imported_starts_by_itself(run: Run) -> None:
    broken = {"python/numpy/__init__.py": "raise ImportError('not for this machine')\n"}
    running = started(run, LOOK, broken)
    assert not is_forked(running)


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


@pytest.mark.parametrize("name", ["boto3", "six.py"])
def test_a_function_with_a_library_of_the_runtime_somewhere_inside_starts_by_itself(run: Run, name: str) -> None:
    vendored = f"mine/vendored/{name}" + ("" if name.endswith(".py") else "/__init__.py")
    assert not is_forked(started(run, {"handler.py": LOOK, vendored: ""}))


def test_nothing_of_who_runs_the_stack_is_known_to_the_sdk_in_a_fork(run: Run) -> None:
    source = (
        "from botocore import loaders, utils, session\n"
        "def handler(event, context):\n"
        "    return [loaders.Loader.CUSTOMER_DATA_PATH, utils.JSONFileCache.CACHE_DIR]\n"
    )
    forked = started(run, source)
    assert is_forked(forked)
    for path in json.loads(forked.invoke().payload):
        assert not Path(path).is_relative_to(Path.home() / ".aws")


def test_the_functions_own_version_of_a_library_is_the_one_it_gets(run: Run) -> None:
    source = "import six\ndef handler(event, context):\n    return six.MINE\n"
    running = started(run, {"handler.py": source, "six.py": "MINE = 'mine'\n"})
    assert json.loads(running.invoke().payload) == "mine"


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONPATH": "/somewhere"},
        {"LD_PRELOAD": ""},
        {"LC_ALL": "C"},
        {"LANG": "C"},
        {"MALLOC_ARENA_MAX": "1"},
        {"OPENSSL_CONF": "/x"},
    ],
    ids=lambda variables: next(iter(variables)),
)
def test_variables_that_are_read_when_a_process_starts_make_a_function_start_by_itself(
    run: Run, variables: dict[str, str]
) -> None:
    assert not is_forked(started(run, variables=variables))


def test_an_environment_outlives_its_server_and_the_next_one_is_forked_from_another(run: Run) -> None:
    first = started(run)
    pid, server = first.environment.process_id(), starter_of(first)
    server.kill()
    server.wait()
    assert look(first)["session"] is True
    notices_the_loss = started(run)
    assert look(notices_the_loss)["session"] is True
    second = started(run)
    assert is_forked(second)
    assert starter_of(second) != server
    first.environment.stop()
    assert pid is not None
    assert not runs(pid)


def test_a_process_that_is_killed_right_after_the_fork_is_over_at_once(run: Run, launch: Launch) -> None:
    started(run)
    for _ in range(20):
        forked = child.Child(launch)
        began = time.monotonic()
        assert forked.end() == -signal.SIGKILL
        assert time.monotonic() - began < AT_ONCE_S


@pytest.fixture
def launch(interpreter: Interpreter, runtime: Path, tmp_path: Path) -> Launch:
    """A launch of a function that was never built: for the servers' own rules."""
    variables = {"PYTHONPATH": str(runtime), "LANG": "en_US.UTF-8", "LD_LIBRARY_PATH": f"{tmp_path}/a:{tmp_path}/b"}
    variables |= {"LAMBDA_TASK_ROOT": str(tmp_path), "LAMBDA_RUNTIME_DIR": str(runtime)}
    return Launch(interpreter.program, runtime, tmp_path / "opt", "x.y", variables, tmp_path, storage_bytes=1 << 20)


def test_folders_of_packages_without_shared_libraries_share_a_server_and_others_have_their_own(
    launch: Launch, tmp_path: Path
) -> None:
    elsewhere = replace(launch, variables={**launch.variables, "LD_LIBRARY_PATH": f"{tmp_path}/c"})
    assert key_of(elsewhere) == key_of(launch)
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "libown.so.1").touch()
    assert key_of(elsewhere) != key_of(launch)


def test_a_folder_that_may_be_filled_later_makes_a_kind_of_server_of_its_own(launch: Launch) -> None:
    later = replace(launch, variables={**launch.variables, "LD_LIBRARY_PATH": "/somewhere/else"})
    assert key_of(later) != key_of(launch)


def test_a_system_that_cannot_fork_starts_every_function_by_itself(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fork_servers, "CAN_FORK", False)
    assert key_of(launch) is None


@pytest.fixture
def server(launch: Launch) -> Iterator[ForkServer]:
    """A server of this test's own, ready."""
    own = ForkServer(launch)
    assert own.is_ready()
    yield own
    own.end()


def forked(server: ForkServer, launch: Launch) -> bool:
    """Fork a keeper whose socket nobody holds on to, so that it ends by itself."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        return server.fork(launch, theirs.fileno(), 2)


def test_a_server_that_does_not_answer_is_ended_and_answers_nobody_else(
    server: ForkServer, launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = server._process
    process.send_signal(signal.SIGSTOP)
    server._channel.settimeout(0.1)
    with pytest.raises(ServerLostError):
        forked(server, launch)
    assert server.lost
    assert process.poll() is not None
    with pytest.raises(ServerLostError, match="before"):
        forked(server, launch)


def test_a_server_can_be_ended_twice_and_closes_nothing_of_others(launch: Launch) -> None:
    server = ForkServer(launch)
    server.end()
    mine = [os.open(os.devnull, os.O_RDONLY) for _ in range(8)]
    server.end()
    for descriptor in mine:
        os.close(descriptor)


def test_what_cannot_be_served_is_refused_and_the_server_goes_on(server: ForkServer, launch: Launch) -> None:
    assert not forked(server, replace(launch, variables={}))
    assert forked(server, launch)


class Fake:
    """A server that starts no process."""

    made: ClassVar[list["Fake"]]
    breaks = False

    def __init__(self, _launch: Launch) -> None:
        self.ended = False
        self.made.append(self)

    def is_ready(self) -> bool:
        if self.breaks:
            raise ServerLostError("killed")
        return True

    def end(self) -> None:
        self.ended = True


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[Fake]:
    """Stands in for ForkServer."""

    class Mine(Fake):
        made: ClassVar[list[Fake]] = []

    monkeypatch.setattr(fork_servers, "ForkServer", Mine)
    return Mine


def kinds(launch: Launch, number: int) -> list[Launch]:
    """Launches that need a server each."""
    return [
        replace(launch, variables={**launch.variables, "LD_LIBRARY_PATH": f"/kind/{name}"}) for name in range(number)
    ]


def claim(servers: ForkServers, launch: Launch) -> bool:
    """Fork a process for a launch that is never reaped; whether there was a server for it."""
    with servers.forking(launch) as server:
        if server is not None:
            servers.hold(server)
        return server is not None


def test_no_more_servers_than_the_most_are_kept_and_one_without_children_makes_room(
    launch: Launch, fake: type[Fake]
) -> None:
    servers = ForkServers()
    launches = kinds(launch, MOST + 1)
    assert [claim(servers, other) for other in launches] == [True] * MOST + [False]
    servers.release(cast("ForkServer", fake.made[1]))
    assert claim(servers, launches[-1])
    assert [server.ended for server in fake.made] == [False, True] + [False] * (MOST - 1)


def test_a_server_that_is_being_used_makes_no_room(launch: Launch, fake: type[Fake]) -> None:
    servers = ForkServers()
    launches = kinds(launch, MOST + 1)
    with servers.forking(launches[0]) as used:
        assert used is not None
        for other in launches[1:MOST]:
            claim(servers, other)
        assert not claim(servers, launches[-1])
    assert not fake.made[0].ended


def test_a_kind_of_server_that_is_lost_again_and_again_is_given_up(launch: Launch, fake: type[Fake]) -> None:
    fake.breaks = True
    servers = ForkServers()
    assert not any(claim(servers, launch) for _ in range(ATTEMPTS + 2))
    assert len(fake.made) == ATTEMPTS
    assert all(server.ended for server in fake.made)


def test_a_kind_of_server_that_has_forked_may_be_lost_as_often_again(launch: Launch, fake: type[Fake]) -> None:
    servers = ForkServers()
    for _ in range(ATTEMPTS):
        fake.breaks = False
        assert claim(servers, launch)
        fake.breaks = True
        assert not claim(servers, launch)
    fake.breaks = False
    assert claim(servers, launch)
