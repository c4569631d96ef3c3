"""The Docker engine: connecting to it, and what its refusals mean."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from docker import DockerClient

OLDEST_API = (1, 41)
"""Docker Engine 20.10: the oldest one that what we ask for was tried on."""

PERMISSION = ("permission denied", "permissionerror")
NOT_THERE = ("no such file or directory", "connection refused", "filenotfounderror", "connectionrefusederror")
PORT = ("port is already allocated", "address already in use", "ports are not available")
DISK = ("no space left on device",)
NAME = ("is already in use by container",)


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
    if any(words in lower for words in PORT):
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
