"""The emulator for other projects' tests, on testcontainers: three lines, see docs/docker.md."""

import time
from typing import Any, Self

from testcontainers.core.container import DockerContainer
from testcontainers.core.waiting_utils import WaitStrategy, WaitStrategyTarget

from wavetank.emulator.container.engine import HOST, MEMORY, connect, hardened, published, variables
from wavetank.emulator.container.image import up_to_date
from wavetank.emulator.errors import Unreachable
from wavetank.emulator.stack.clients import REGION, Clients
from wavetank.emulator.stack.control import Control
from wavetank.emulator.stack.environment import LogLevel
from wavetank.emulator.stack.process import listen

LOOK_S = 0.1


class Answers(WaitStrategy):
    """Return once the control API at the endpoint answers. Raises TimeoutError, to which the log is added."""

    def __init__(self, endpoint_url: str) -> None:
        super().__init__()
        self._control = Control(endpoint_url)

    def wait_until_ready(self, container: WaitStrategyTarget) -> None:  # noqa: ARG002
        """Ask until the start-up time is over."""
        deadline = time.monotonic() + self._startup_timeout
        while True:
            try:
                self._control.status()
                return
            except Unreachable as error:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{error.message}") from error
            time.sleep(LOOK_S)


class WaveTankContainer(DockerContainer):
    """The emulator in a container; `start` returns once it answers.

    port: on 127.0.0.1, 0 for a free one; it stays the same when the container is killed and started. image: by default
    that of the checkout, built where it is not up to date.
    """

    def __init__(
        self, image: str | None = None, *, port: int = 0, memory: str = MEMORY, region: str = REGION, **rest: Any
    ) -> None:
        with listen(port) as free:
            self.port = int(free.getsockname()[1])
        super().__init__(image or up_to_date(connect()), **rest)
        self.ports.update(published(self.port))  # type: ignore[arg-type]
        arguments = hardened(memory)
        self.tmpfs.update(arguments.pop("tmpfs"))
        self.with_kwargs(**arguments)
        for name, value in variables(self.port, LogLevel.INFO, {}).items():
            self.with_env(name, value)
        self.waiting_for(Answers(self.endpoint_url))
        self._clients = Clients(self.endpoint_url, region)

    @property
    def endpoint_url(self) -> str:
        """Where every AWS service answers."""
        return f"http://{HOST}:{self.port}"

    def client(self, service: str) -> Any:
        """The boto3 client of a service; made once, safe to share between threads."""
        return self._clients.get(service)

    def __enter__(self) -> Self:
        super().__enter__()
        return self
