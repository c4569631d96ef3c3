"""Real database servers for the tests of this folder, which `make database-test` runs; one of each engine a session."""

from collections.abc import Iterator

import pytest

from wavetank.scenarios.site.database import choice
from wavetank.scenarios.site.database.server import DatabaseServer, Engine


@pytest.fixture(scope="session", params=list(Engine), ids=str)
def database(request: pytest.FixtureRequest) -> Iterator[DatabaseServer]:
    """A database of each engine; the tests are skipped, saying why, for one that this machine lacks."""
    if why := choice.obstacle(request.param):
        pytest.skip(why)
    with choice.running(request.param) as server:
        yield server


@pytest.fixture
def server(database: DatabaseServer) -> DatabaseServer:
    """A database that is a process of its own."""
    if not database.sees_connections:
        pytest.skip(f"{database.engine} is a file")
    return database
