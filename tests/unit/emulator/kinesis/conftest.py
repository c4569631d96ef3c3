"""A provider without streams, and its settings as they are by default."""

import dataclasses
from collections.abc import Iterator

import pytest

from tests.unit.emulator.kinesis.service import Service
from wavetank.emulator.kinesis.config import CONFIG
from wavetank.emulator.kinesis.store import STORES
from wavetank.emulator.kinesis.subscription import SUBSCRIPTIONS
from wavetank.emulator.limits.register import LIMITS


@pytest.fixture(scope="session")
def provider() -> Service:
    """One provider for all tests: reading the API's model takes a while."""
    return Service()


@pytest.fixture
def kinesis(provider: Service) -> Iterator[Service]:
    """The provider with no streams."""
    before = dataclasses.asdict(CONFIG)
    STORES.reset()
    yield provider
    SUBSCRIPTIONS.end()
    STORES.reset()
    LIMITS.release()
    for name, value in before.items():
        setattr(CONFIG, name, value)
