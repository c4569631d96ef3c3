"""What tests share: one embedded stack a worker, started when the first test asks for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from wavetank.emulator.stack.home import Home, project_root
from wavetank.emulator.stack.stack import EmbeddedStack

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
"""No test fails because the machine is busy."""


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A state folder of this worker's own; the content-addressed cache is the checkout's, which is warm."""
    return Home(tmp_path_factory.mktemp("home"), Home.from_environment().cache)


@pytest.fixture
def own_home(tmp_path: Path) -> Home:
    """A state folder of this test's own, for tests that start and stop stacks."""
    return Home(tmp_path / "home", Home.from_environment().cache)


@pytest.fixture(scope="session")
def stack(home: Home) -> Iterator[EmbeddedStack]:
    """A running stack with nothing deployed, shared by the tests of this worker: use names of your own."""
    with EmbeddedStack.up(home=home) as running:
        yield running


@pytest.fixture(scope="session")
def deployed(stack: EmbeddedStack) -> EmbeddedStack:
    """The same stack with the pipeline deployed."""
    from wavetank.emulator.deploy.deploy import deploy

    deploy(stack)
    return stack


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return project_root()
