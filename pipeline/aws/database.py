"""A database as its dumper reads it: by one connection, in one transaction that sees one moment of it and only reads.

SQLAlchemy Core, so that all databases are read in one way; what differs is in the class of each engine. The secret is
JSON as Secrets Manager has it of a database (user guide, "JSON structure of Secrets Manager database secrets"):
`engine` (mysql, mariadb, postgres), `host`, `port`, `username`, `password`, `dbname`. Beside these `sqlite`, for
try-outs: `dbname` is the path of a file.

TLS is used where the server offers it.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError
from sqlalchemy import URL, ColumnClause, Connection, Executable, NullPool, column, create_engine, select, table
from sqlalchemy.engine import CursorResult, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from wavetank.pipeline.aws.calls import secrets
from wavetank.pipeline.core import dump
from wavetank.pipeline.core.dump import Reason, Refused
from wavetank.pipeline.errors import ConfigurationError, ServiceFault
from wavetank.pipeline.reference.source import RUN_S, Source

CONNECT_S = 10
"""So long the database may take to answer a client that connects."""
ISOLATION = "REPEATABLE READ"
"""All statements of a transaction see one moment of the database: of all references it is the same."""
BATCH_ROWS = 2_000
"""Rows that are fetched at a time."""
CHECKED_EVERY = 10_000
"""Steps of SQLite's machine between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Secret:
    """How to log in at a database. version: of the secret, which is another once it has been rotated."""

    version: str
    engine: str
    database: str
    host: str | None = None
    port: int | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Dialect:
    """An engine: how it is connected to, and what it takes for a statement to end in time.

    bound: the statement that gives those after it so many seconds. lenient: whether it lacks types, as SQLite does.
    """

    connect: Callable[[Secret], Engine]
    begin: tuple[str, ...]
    bound: Callable[[Connection, int], None]
    lenient: bool = False


class Reader:
    """A connection in its transaction."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection, self._dialect = connection, dialect

    @property
    def lenient(self) -> bool:
        """Whether decimals, dates and times are text or numbers."""
        return self._dialect.lenient

    @contextmanager
    def rows(self, source: Source) -> Iterator[Iterator[Sequence[Any]]]:
        """The rows of a source, with the columns in their order, as they come from the server.

        Raises Refused for what the database refuses, and where it takes too long; what was refused leaves the
        transaction as it was. Raises ServiceFault where the connection is gone.
        """
        ends = time.monotonic() + source.limits.statement_s
        try:
            with self._connection.begin_nested():
                self._dialect.bound(self._connection, source.limits.statement_s)
                result = self._result(source)
                try:
                    order = dump.order_of(source, list(result.keys()))
                    yield _in_time(result, order, ends, source.limits.statement_s)
                finally:
                    result.close()
        except DBAPIError as error:
            if error.connection_invalidated or self._connection.closed:
                raise ServiceFault(f"reference {source.name}: the connection broke: {error.orig}") from error
            raise Refused(Reason.STATEMENT, f"the database does not answer its statement: {error.orig}") from error

    def _result(self, source: Source) -> CursorResult[Any]:
        streamed: dict[str, Any] = {"stream_results": True, "yield_per": BATCH_ROWS}
        if source.query is not None:
            # Without parameters a driver leaves % and : in the text alone.
            return self._connection.exec_driver_sql(source.query, execution_options=streamed | {"no_parameters": True})
        return self._connection.execute(_all_of(source), execution_options=streamed)


@contextmanager
def reading(name: str) -> Iterator[Reader]:
    """A connection to the database of a secret, by its name, while the block runs.

    Raises ServiceFault where there is none to be had, ConfigurationError for a secret that is none of a database.
    """
    secret = _secret(name)
    try:
        connection = _connect(secret)
    except SQLAlchemyError as error:
        # It may have been rotated between the two.
        again = _secret(name)
        if again.version == secret.version:
            raise _unreachable(secret, error) from error
        try:
            secret, connection = again, _connect(again)
        except SQLAlchemyError as second:
            raise _unreachable(again, second) from second
    with connection:
        yield Reader(connection, DIALECTS[secret.engine])


def _unreachable(secret: Secret, error: SQLAlchemyError) -> ServiceFault:
    reason = error.orig if isinstance(error, DBAPIError) else error
    return ServiceFault(f"cannot connect to {secret.database} at {secret.host or 'this machine'}: {reason}")


def _connect(secret: Secret) -> Connection:
    dialect = DIALECTS[secret.engine]
    connection = dialect.connect(secret).connect()
    try:
        for statement in dialect.begin:
            connection.exec_driver_sql(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def _secret(name: str) -> Secret:
    try:
        answer = secrets().get_secret_value(SecretId=name)
    except (ClientError, BotoCoreError) as error:
        raise ServiceFault(f"cannot read the secret {name}: {error}") from error
    try:
        document: Mapping[str, Any] = json.loads(answer["SecretString"])
        engine = str(document["engine"])
        if engine not in DIALECTS:
            raise ValueError(f"its engine is {engine!r}; there are: {', '.join(DIALECTS)}")
        port = document.get("port")
        return Secret(
            answer["VersionId"],
            engine,
            str(document["dbname"]),
            document.get("host"),
            None if port is None else int(port),
            document.get("username"),
            document.get("password"),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # Of JSON that cannot be read the error may quote a part: it is not passed on.
        why = f"it lacks {error}" if isinstance(error, KeyError) else "it is not JSON of a database secret"
        why = str(error) if isinstance(error, ValueError) and "engine" in str(error) else why
        raise ConfigurationError(f"the secret {name} is none of a database: {why}") from None


def _all_of(source: Source) -> Executable:
    """The declared columns of a table, quoted as the dialect does; one row more than the limit tells of too many."""
    schema, _, name = (source.relation or "").rpartition(".")
    columns: list[ColumnClause[Any]] = [column(each.name) for each in source.table.columns]
    return select(table(name, *columns, schema=schema or None)).limit(source.limits.rows + 1)


def _in_time(result: CursorResult[Any], order: Sequence[int], ends: float, seconds: int) -> Iterator[Sequence[Any]]:
    """The rows of a result, with these of its columns. Raises Refused once the time is up."""
    as_they_are = list(order) == list(range(len(result.keys())))
    for batch in result.partitions(BATCH_ROWS):
        if time.monotonic() > ends:
            raise Refused(Reason.STATEMENT, f"its statement takes longer than {seconds} s, its limit")
        yield from batch if as_they_are else ([row[place] for place in order] for row in batch)


def _url(driver: str, secret: Secret) -> URL:
    return URL.create(driver, secret.username, secret.password, secret.host, secret.port, secret.database)


def _mysql(secret: Secret) -> Engine:
    """MySQL and MariaDB. Times come in the session's time zone."""
    arguments: dict[str, Any] = {
        "connect_timeout": CONNECT_S,
        "read_timeout": RUN_S,
        "write_timeout": CONNECT_S,
        "charset": "utf8mb4",
        "init_command": "SET SESSION time_zone = '+00:00'",
    }
    return create_engine(
        _url("mysql+pymysql", secret),
        poolclass=NullPool,
        isolation_level=ISOLATION,
        connect_args=arguments,
        hide_parameters=True,
    )


def _bound_mysql(connection: Connection, seconds: int) -> None:
    """Milliseconds in MySQL, seconds in MariaDB (each manual's "Server System Variables")."""
    is_mariadb = getattr(connection.dialect, "is_mariadb", False)
    setting = f"max_statement_time = {seconds}" if is_mariadb else f"max_execution_time = {seconds * 1000}"
    connection.exec_driver_sql(f"SET SESSION {setting}")


def _postgres(secret: Secret) -> Engine:
    arguments = {
        "connect_timeout": CONNECT_S,
        "options": "-c timezone=UTC -c default_transaction_read_only=on",
        "tcp_user_timeout": CONNECT_S * 1000,
    }
    return create_engine(
        _url("postgresql+psycopg", secret),
        poolclass=NullPool,
        isolation_level=ISOLATION,
        connect_args=arguments,
        hide_parameters=True,
    )


def _bound_postgres(connection: Connection, seconds: int) -> None:
    """Until the savepoint ends (PostgreSQL manual, "SET")."""
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = {seconds * 1000}")


def _sqlite(secret: Secret) -> Engine:
    """A file, opened for reading alone (SQLite, "Uniform Resource Identifiers")."""

    def connect() -> sqlite3.Connection:
        uri = f"file:{quote(secret.database)}?mode=ro"
        return sqlite3.connect(uri, uri=True, timeout=CONNECT_S, autocommit=False)

    return create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)


def _bound_sqlite(connection: Connection, seconds: int) -> None:
    ends = time.monotonic() + seconds
    raw: Any = connection.connection.driver_connection
    raw.set_progress_handler(lambda: time.monotonic() > ends, CHECKED_EVERY)


_MYSQL = Dialect(
    _mysql,
    ("SET SESSION TRANSACTION READ ONLY", "START TRANSACTION READ ONLY, WITH CONSISTENT SNAPSHOT"),
    _bound_mysql,
)
DIALECTS: Mapping[str, Dialect] = {
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "postgres": Dialect(_postgres, (), _bound_postgres),
    "sqlite": Dialect(_sqlite, (), _bound_sqlite, lenient=True),
}
"""The engines by the name that a secret has for each."""
