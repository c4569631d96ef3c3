"""The Docker engine: connecting to it, its refusals in words for people, and how the stack's container is run on it.

A container is given nothing that it does not need, whoever runs it; see `hardened`.
"""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wavetank.emulator.container.entrypoint import LOG_LEVEL, PORT, PUBLISHED_PORT
from wavetank.emulator.errors import (
    ContainerFailed,
    EngineRefused,
    EngineTooOld,
    ImageFailed,
    NameTaken,
    NoEngine,
    OutOfDisk,
    PortTaken,
    StackError,
)
from wavetank.emulator.stack.environment import LogLevel, settings_of

if TYPE_CHECKING:
    from docker import DockerClient

OLDEST_API = (1, 41)
"""Docker Engine 20.10: the oldest one that what we ask for was tried on."""

PERMISSION = ("permission denied", "permissionerror")
NOT_THERE = ("no such file or directory", "connection refused", "filenotfounderror", "connectionrefusederror")
PORT_TAKEN = ("port is already allocated", "address already in use", "ports are not available")
DISK = ("no space left on device",)
NAME = ("is already in use by container",)

HOST = "127.0.0.1"
MEMORY = "2g"
PIDS = 1024
TMPFS = {"/tmp": "exec,mode=1777,size=1g"}  # noqa: S108
"""`exec`: functions load native code that is unpacked there."""
SECOND = 1_000_000_000
"""As the engine's API counts time."""
HEALTHCHECK = {
    "test": ["CMD", "python3", "-I", "-S", "/opt/wavetank/emulator/container/healthcheck.py"],
    "interval": 2 * SECOND,
    "timeout": 10 * SECOND,
    "start_period": 60 * SECOND,
    "retries": 10,
}
"""Not in the image: what else is run from it has no health of this kind."""


def connect() -> "DockerClient":
    """The engine that `DOCKER_HOST` names, or the local one. Raises `NoEngine`, `EngineRefused` or `EngineTooOld`."""
    import docker

    with explained():
        client = docker.from_env()
        check_version(str(client.version()["ApiVersion"]))
        return client


def check_version(api: str) -> None:
    """Raise `EngineTooOld` for an engine whose API (such as "1.41") is older than what we ask for."""
    if tuple(int(part) for part in api.split(".")) < OLDEST_API:
        raise EngineTooOld(api, ".".join(map(str, OLDEST_API)))


@contextlib.contextmanager
def explained(port: int = 0) -> Iterator[None]:
    """Raise what the engine says within the block as an error that a person can act upon."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except (DockerException, RequestException) as error:
        raise explain(str(error), port) from error


def explain(message: str, port: int = 0) -> StackError:
    """The meaning of a message of the engine or of its client; `port` is the one that was to be published."""
    lower = message.lower()
    if any(words in lower for words in PERMISSION):
        return EngineRefused()
    if any(words in lower for words in PORT_TAKEN):
        return PortTaken(port)
    if any(words in lower for words in DISK):
        return OutOfDisk()
    if any(words in lower for words in NAME):
        return NameTaken(message)
    if "client version" in lower and "too" in lower:
        return EngineTooOld(message, ".".join(map(str, OLDEST_API)))
    if any(words in lower for words in NOT_THERE):
        return NoEngine(message)
    if "no such image" in lower:
        return ImageFailed(message)
    return ContainerFailed(f"the Docker engine says: {message}")


def hardened(memory: str = MEMORY) -> dict[str, Any]:
    """An unprivileged user, nothing writable but `/tmp`, no capability, no way to get one, bounds on all it takes."""
    return {
        "init": True,
        "user": "10001:10001",
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "pids_limit": PIDS,
        "mem_limit": memory,
        "tmpfs": TMPFS,
        "healthcheck": HEALTHCHECK,
    }


def published(port: int) -> dict[str, tuple[str, int]]:
    """The emulator on 127.0.0.1:`port` of this machine, and on no other address."""
    return {f"{PORT}/tcp": (HOST, port)}


def variables(port: int, log_level: LogLevel, user: dict[str, str]) -> dict[str, str]:
    """The container's environment: where it is published, and of `user`'s variables those that set a stack up.

    Raises CallerError for hosts or origins that are none.
    """
    return settings_of(user) | {PUBLISHED_PORT: str(port), LOG_LEVEL: log_level}
