"""A stack in a container of its own, started through the Docker engine and published on the loopback interface."""

import atexit
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from wavetank.emulator.container.engine import HOST, MEMORY, connect, explained, hardened, published, variables
from wavetank.emulator.container.image import up_to_date
from wavetank.emulator.errors import ContainerFailed, NameTaken, StackError, Unreachable
from wavetank.emulator.stack.environment import LogLevel
from wavetank.emulator.stack.home import Home, project_if_any
from wavetank.emulator.stack.process import listen
from wavetank.emulator.stack.stack import Kind, OwnStack

if TYPE_CHECKING:
    from docker.models.containers import Container

START_TIMEOUT_S = 60.0
LOOK_S = 0.1
TAIL_LINES = 20
ENDED = ("exited", "dead")
LABEL = "wavetank.home"
"""Container label: the state folder whose stack it is."""
PROJECT_LABEL = "wavetank.project"
"""Container label: the folder of the project for which it was started; empty for none."""


class DockerStack(OwnStack):
    """LocalStack with wavetank's plugins in a hardened container, on 127.0.0.1 only.

    Its troubles (`pause`, `cut`, `kill`) strike the whole emulator at once, as an outage does.
    """

    kind = Kind.DOCKER

    def __init__(self, home: Home, port: int, container: "Container") -> None:
        super().__init__(f"http://{HOST}:{port}")
        self.home = home
        self.port = port
        self.container = container

    @classmethod
    def up(
        cls,
        port: int = 0,
        *,
        owned: bool = True,
        home: Home | None = None,
        log_level: LogLevel = LogLevel.INFO,
        timeout_s: float = START_TIMEOUT_S,
        memory: str = MEMORY,
    ) -> Self:
        """Start a stack on `port` (0: a free one) and return once it answers and has proven its plugins.

        The image is built first where it is not up to date. An owned stack is taken down when this process exits.
        What a stack of the same home and port left behind is removed. Raises `CallerError` for a setting that makes no
        sense, `PortTaken`, `EngineError` or `ContainerFailed` with the last lines of the log; nothing is left running.
        """
        home = home or Home.from_environment()
        with listen(port) as free:
            port = free.getsockname()[1]
        environment = variables(port, log_level, dict(os.environ))
        client = connect()
        image = up_to_date(client)
        _remove_stale(client, home, port)
        arguments: dict[str, Any] = hardened(memory) | {
            "name": name_of(port),
            "labels": {LABEL: str(home.path), PROJECT_LABEL: str(project_if_any() or "")},
            "environment": environment,
            "ports": published(port),
        }
        with explained(port):
            container = client.containers.create(image, **arguments)
        stack = cls(home, port, container)
        if owned:
            atexit.register(stack.down)
        try:
            with explained(port):
                container.start()
            stack.wait(timeout_s)
        except BaseException:
            stack.down()
            raise
        try:
            with home.explained():
                home.container(port).parent.mkdir(parents=True, exist_ok=True)
                home.container(port).touch()
        except BaseException:
            stack.down()
            raise
        return stack

    @classmethod
    def on(cls, port: int, home: Home | None = None) -> Self | None:
        """The stack of `home` that runs on `port`; None when none does. Docker is asked only where one was started."""
        home = home or Home.from_environment()
        if not home.container(port).exists():
            return None
        try:
            container = _find(connect(), name_of(port))
        except StackError:
            return None
        if container is None or container.labels.get(LABEL) != str(home.path) or container.status == "exited":
            return None
        return cls(home, port, container)

    @classmethod
    def running(cls, home: Home | None = None) -> list[Self]:
        """Every stack of `home` that runs in a container, by port."""
        home = home or Home.from_environment()
        stacks = (cls.on(port, home) for port in home.container_ports())
        return [stack for stack in stacks if stack is not None]

    @property
    def pid(self) -> int:
        """The container's first process, as this machine numbers it."""
        self.container.reload()
        return int(self.container.attrs["State"]["Pid"])

    @property
    def project(self) -> str:
        """The folder of the project for which it was started; empty for none."""
        return str(self.container.labels.get(PROJECT_LABEL, ""))

    @property
    def uptime_s(self) -> float:
        """Seconds since the container was started."""
        started = str(self.container.attrs["State"]["StartedAt"]).partition(".")[0].rstrip("Z")
        return time.time() - datetime.fromisoformat(f"{started}+00:00").timestamp()

    @property
    def is_private(self) -> bool:
        """Whether it is for the use of the process alone that started it; those that are found are not."""
        return False

    def log(self, lines: int = TAIL_LINES) -> str:
        """The last lines that the container wrote."""
        with explained(self.port):
            return self.container.logs(tail=lines).decode(errors="replace").rstrip("\n")

    def follow(self) -> Iterator[str]:
        """The container's output from now on, until it ends."""
        with explained(self.port):
            for piece in self.container.logs(stream=True, follow=True, tail=0):
                yield piece.decode(errors="replace")

    def wait(self, timeout_s: float = START_TIMEOUT_S) -> None:
        """Return once the stack answers with its plugins proven. Raises `ContainerFailed` with its last lines."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                foreign = self.control.status(timeout_s=max(deadline - time.monotonic(), LOOK_S)).get("foreign")
            except Unreachable as error:
                state, name = self._state(), self.container.name
                if state["Status"] in ENDED:
                    why = "ran out of memory" if state.get("OOMKilled") else f"ended with code {state['ExitCode']}"
                    raise ContainerFailed(f"the container {name} {why}.", self.log()) from error
                if time.monotonic() > deadline:
                    raise ContainerFailed(f"the container {name} did not become healthy.", self.log()) from error
                time.sleep(LOOK_S)
                continue
            if foreign:
                raise ContainerFailed(f"the stack came up without wavetank's plugins ({foreign}).", self.log())
            return

    def pause(self) -> None:
        """Freeze every process of the emulator: clients time out, nothing is forgotten."""
        with explained(self.port):
            self.container.pause()

    def resume(self) -> None:
        """Let a paused emulator go on."""
        with explained(self.port):
            self.container.unpause()

    def cut(self) -> None:
        """Take the emulator off its network: connections are refused or break, nothing is forgotten."""
        with explained(self.port):
            self._network().disconnect(self.container)

    def join(self) -> None:
        """Put it back on the network."""
        with explained(self.port):
            self._network().connect(self.container)
        self.wait()

    def kill(self) -> None:
        """End the emulator at once: all its state is gone."""
        with explained(self.port):
            self.container.kill()

    def start(self) -> None:
        """Start a killed emulator, which is empty then; return once it answers."""
        with explained(self.port):
            self.container.start()
        self.wait()

    def limit_memory(self, memory: int | str) -> None:
        """Let the emulator have so much memory (bytes, or such as "300m") from now on; what needs more is killed."""
        with explained(self.port):
            self.container.update(mem_limit=memory, memswap_limit=memory)

    @property
    def memory_limit(self) -> int:
        """Bytes of memory that the container may take."""
        with explained(self.port):
            self.container.reload()
        return int(self.container.attrs["HostConfig"]["Memory"])

    @property
    def memory_in_use(self) -> int:
        """Bytes that the container has in use and cannot give back, as it can what it reads from files; 0 if ended."""
        with explained(self.port):
            now: Any = self.container.stats(stream=False, one_shot=True)
        memory = now["memory_stats"]
        kinds = {name.removeprefix("total_"): number for name, number in memory.get("stats", {}).items()}
        return int(memory.get("usage", 0) - kinds.get("active_file", 0) - kinds.get("inactive_file", 0))

    @property
    def has_ended(self) -> bool:
        """Whether its processes are gone, killed or ended by themselves; `start` begins anew."""
        return self._state()["Status"] in ENDED

    @property
    def ran_out_of_memory(self) -> bool:
        """Whether it ended since its memory limit was reached."""
        return bool(self._state()["OOMKilled"])

    def _state(self) -> dict[str, Any]:
        with explained(self.port):
            self.container.reload()
        return dict(self.container.attrs["State"])

    def _network(self) -> Any:
        return self.container.client.networks.get("bridge")  # type: ignore[union-attr]

    def release(self) -> None:
        """Let it live on when this process ends."""
        atexit.unregister(self.down)

    def down(self) -> None:
        """Remove the container with all its state; doing it again does nothing."""
        from docker.errors import NotFound

        atexit.unregister(self.down)
        super().down()
        with explained(self.port), suppress(NotFound):
            self.container.remove(force=True, v=True)
        self.home.container(self.port).unlink(missing_ok=True)


@contextmanager
def docker_stack(port: int = 0, *, home: Home | None = None, memory: str = MEMORY) -> Iterator[DockerStack]:
    """A stack in a container for the length of the block. Raises as `DockerStack.up` does."""
    with DockerStack.up(port, home=home, memory=memory) as stack:
        yield stack


def name_of(port: int) -> str:
    """The name of the container of the stack on `port`."""
    return f"wavetank-{port}"


def _find(client: Any, name: str) -> "Container | None":
    from docker.errors import NotFound

    with explained():
        try:
            return client.containers.get(name)  # type: ignore[no-any-return]
        except NotFound:
            return None


def _remove_stale(client: Any, home: Home, port: int) -> None:
    """Remove a container that a stack of ours left. Raises `NameTaken` for one that is not ours."""
    stale = _find(client, name_of(port))
    if stale is None:
        return
    if stale.labels.get(LABEL) != str(home.path):
        raise NameTaken(f"{stale.name} ({stale.status})")
    with explained(port):
        stale.remove(force=True, v=True)
