"""A server for each test."""

from collections.abc import Iterator

import pytest

from tests.unit.emulator.serving.kit import Application, serving


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
def handed_over() -> list[bytes]:
    """What connections began with that were handed over."""
    return []


@pytest.fixture
def address(application: Application, handed_over: list[bytes]) -> Iterator[tuple[str, int]]:
    with serving(application, handed_over) as address:
        yield address
