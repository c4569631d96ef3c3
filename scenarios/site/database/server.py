"""The promises of every database that a drill or a test starts, whatever its engine."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any, ClassVar, Self

from wavetank.scenarios.site.database.connections import Connections, Moment, summed

DATABASE = "ads"
"""The name of the database within a server."""
READER = "wavetank_dumper"
"""The account that may read, and nothing else: its name and password are in the secret."""


class Engine(StrEnum):
    """The databases there may be, as the `engine` of a secret names them, in the order in which they are chosen."""

    MARIADB = "mariadb"
    POSTGRESQL = "postgres"
    SQLITE = "sqlite"


@dataclass(frozen=True, slots=True)
class SeededTable:
    """A table with its rows; columns by name, each with its type in SQL. The first `key` columns are the key."""

    name: str
    columns: Mapping[str, str]
    rows: Sequence[Sequence[Any]]
    key: int = 1

    @property
    def statement(self) -> str:
        """The statement that makes the table."""
        columns = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
        return f"CREATE TABLE {self.name} ({columns}, PRIMARY KEY ({', '.join([*self.columns][: self.key])}))"


class Session:
    """A connection of the administrator's: a block of `with` is rolled back at its end, but for what was committed."""

    def __init__(self, connection: Any) -> None:
        """connection: as the Python Database API Specification (PEP 249) has it."""
        self._connection = connection

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement; the rows that it answers with."""
        cursor = self._connection.cursor()
        try:
            cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
        finally:
            cursor.close()

    def fill(self, table: SeededTable, mark: str) -> None:
        """Make a table with its rows; `mark` stands for a value in a statement of this driver."""
        self.execute(table.statement)
        cursor = self._connection.cursor()
        marks = ", ".join([mark] * len(table.columns))
        cursor.executemany(f"INSERT INTO {table.name} VALUES ({marks})", table.rows)  # noqa: S608 - tables of drills
        cursor.close()

    def commit(self) -> None:
        """Have it take effect."""
        self._connection.commit()

    def close(self) -> None:
        """Roll back what is not committed, and give up all locks, also where the server is gone."""
        with suppress(Exception):
            self._connection.rollback()
        with suppress(Exception):
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class DatabaseServer(ABC):
    """A database that was started. Its administrator may do anything in it, its reader may read."""

    engine: ClassVar[Engine]
    mark: ClassVar[str] = "%s"
    """Stands for a value in a statement of its driver."""
    sees_connections: ClassVar[bool] = True
    """Whether it is a process of its own, which tells who connects and who waits for a lock."""

    @abstractmethod
    def secret(self) -> dict[str, Any]:
        """The secret by which the reader connects.

        It is what Secrets Manager keeps for a database (Secrets Manager user guide, "JSON structure of AWS Secrets
        Manager secrets").
        """

    @abstractmethod
    def session(self) -> Session:
        """A session of the administrator's, with a transaction of its own."""

    @abstractmethod
    def lock(self, table: str) -> Session:
        """The session that nobody else can read a table beside, of SQLite the whole file, until it is closed."""

    @abstractmethod
    def rotate(self) -> None:
        """Give the reader another password, which `secret` has from then on."""

    @abstractmethod
    def stop(self) -> None:
        """End it at once, as a power cut does: what was committed is there when it is started again."""

    @abstractmethod
    def start(self) -> None:
        """Start it where it was stopped; returns when it can be connected to."""

    @abstractmethod
    def close(self) -> None:
        """End it for good, and remove all that it has written."""

    @abstractmethod
    def waiting(self) -> int:
        """The number of sessions that wait for a lock of a table now."""

    @abstractmethod
    def moments(self) -> Sequence[Moment]:
        """Everything that has befallen connections over the network."""

    def create(self, *tables: SeededTable) -> None:
        """Make tables with their rows."""
        with self.session() as session:
            for table in tables:
                session.fill(table, self.mark)
            session.commit()

    def execute(self, *statements: str) -> None:
        """Run statements as the administrator, in one transaction as far as the engine has one for them."""
        with self.session() as session:
            for statement in statements:
                session.execute(statement)
            session.commit()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query, as the administrator."""
        with self.session() as session:
            return session.execute(query)

    def connections(self, user: str | None = None, since: int = 0) -> Connections:
        """The connections over the network that it has seen: of one user, or of anybody.

        since: only what befell after so many `moments`.
        """
        return summed(moment for moment in self.moments()[since:] if user in (None, moment.user))

    def hold(self, table: str) -> None:
        """Hold a lock of a table until `unlock`."""
        self._held = [*getattr(self, "_held", ()), self.lock(table)]

    def unlock(self) -> None:
        """Give up every lock that is held."""
        held, self._held = getattr(self, "_held", []), []
        for session in held:
            session.close()

    @contextmanager
    def locked(self, table: str) -> Iterator[Session]:
        """The length of a block, in which nobody else can read a table."""
        with self.lock(table) as session:
            yield session
