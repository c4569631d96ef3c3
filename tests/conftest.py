"""What tests share: one embedded stack a worker, started when the first test asks for it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from wavetank.emulator.stack.home import CACHE_VARIABLE, HOME_VARIABLE, PROJECT_VARIABLE, Home, project_root
from wavetank.emulator.stack.stack import EmbeddedStack

os.environ[PROJECT_VARIABLE] = str(Path(__file__).parents[1])
"""Tests are about this project, from whatever folder they are run."""

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
"""No test fails because the machine is busy."""


def pytest_configure(config: pytest.Config) -> None:
    """Keep the stacks of tests apart from the user's, whose commands would find them; the cache is the user's."""
    home, cache = tempfile.mkdtemp(prefix="wavetank-tests-"), Home.from_environment().cache
    named = {name: os.environ.get(name) for name in (HOME_VARIABLE, CACHE_VARIABLE)}
    os.environ |= {HOME_VARIABLE: home, CACHE_VARIABLE: str(cache)}

    def put_back() -> None:
        shutil.rmtree(home, ignore_errors=True)
        for name, value in named.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})

    config.add_cleanup(put_back)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A state folder of this worker's own; the content-addressed cache is the user's, which is warm."""
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
