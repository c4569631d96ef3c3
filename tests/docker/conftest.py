"""What the Docker tests share: an engine, a stack in a container, and proof that nothing is left behind."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wavetank.emulator.container import DockerStack
from wavetank.emulator.container.engine import connect
from wavetank.emulator.errors import EngineError
from wavetank.emulator.stack.home import Home

if TYPE_CHECKING:
    from docker import DockerClient


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs an engine."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.docker)


@pytest.fixture(scope="session")
def engine() -> "DockerClient":
    """The engine; the tests are skipped, saying why, where there is none."""
    try:
        return connect()
    except EngineError as error:
        pytest.skip(error.message)


@pytest.fixture(scope="session", autouse=True)
def nothing_left(engine: "DockerClient") -> Iterator[None]:
    """Containers and volumes are after the tests what they were before."""
    before = _there(engine)
    yield
    assert _there(engine) == before


def _there(engine: "DockerClient") -> tuple[set[str], set[str]]:
    containers = {str(container.name) for container in engine.containers.list(all=True)}
    return containers, {str(volume.name) for volume in engine.volumes.list()}


@pytest.fixture(scope="session")
def container_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A state folder of these tests' own, with the checkout's warm cache."""
    return Home(tmp_path_factory.mktemp("home"), Home.from_environment().cache)


@pytest.fixture(scope="session")
def stack_in_docker(nothing_left: None, container_home: Home) -> Iterator[DockerStack]:
    """A stack in a container, shared by all of these tests."""
    with DockerStack.up(home=container_home) as running:
        yield running
