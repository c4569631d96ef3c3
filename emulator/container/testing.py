"""The emulator for other projects' tests, on testcontainers: three lines, see docs/docker.md."""

from typing import Any, Self

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy

from emulator.clients import REGION, Clients
from emulator.contained import PORT
from emulator.container.engine import connect
from emulator.container.image import up_to_date
from emulator.container.settings import HOST, MEMORY, hardened, published, variables
from emulator.control import PATH
from emulator.environment import LogLevel
from emulator.process import listen

START_TIMEOUT_S = 60


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
        self.with_kwargs(**hardened(memory))
        for name, value in variables(self.port, LogLevel.INFO, {}).items():
            self.with_env(name, value)
        self.waiting_for(HttpWaitStrategy(PORT, f"{PATH}/status").for_status_code(200))
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
