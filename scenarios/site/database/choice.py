"""Which database a drill or a test takes: MariaDB, else PostgreSQL, else SQLite, as far as they are installed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from wavetank.scenarios.site.database import mariadb, postgresql, sqlite
from wavetank.scenarios.site.database.process import NoServerError
from wavetank.scenarios.site.database.server import DatabaseServer, Engine

VARIABLE = "WAVETANK_DATABASE"
"""Names the engine that drills take in the place of the first one that there is."""

_OBSTACLES = {
    Engine.MARIADB: mariadb.obstacle,
    Engine.POSTGRESQL: postgresql.obstacle,
    Engine.SQLITE: sqlite.obstacle,
}
_SERVERS: dict[Engine, type[DatabaseServer]] = {
    Engine.MARIADB: mariadb.MariaDB,
    Engine.POSTGRESQL: postgresql.PostgreSQL,
    Engine.SQLITE: sqlite.SQLite,
}


def obstacle(engine: Engine) -> str:
    """Why a database of that kind cannot be started here; empty where it can."""
    return _OBSTACLES[engine]()


def chosen() -> Engine:
    """The engine that `WAVETANK_DATABASE` names, else the first that there is. Raises NoServerError."""
    named = os.environ.get(VARIABLE, "")
    if not named:
        return next(engine for engine in Engine if not obstacle(engine))
    if named not in set(Engine):
        raise NoServerError(f"{VARIABLE} is {named!r}; there are: {', '.join(Engine)}")
    engine = Engine(named)
    if why := obstacle(engine):
        raise NoServerError(f"{VARIABLE} asks for {engine}: {why}")
    return engine


@contextmanager
def running(engine: Engine) -> Iterator[DatabaseServer]:
    """A database of that kind for the length of a block. Raises NoServerError where it cannot be started."""
    if why := obstacle(engine):
        raise NoServerError(f"{engine}: {why}")
    server = _SERVERS[engine]()
    try:
        yield server
    finally:
        server.close()
