"""SQL over tables of this process: DuckDB with a bound on what it uses, and rows that come one after another.

A table is scanned where it is, or filled first, within the same bound.

Unless it is told otherwise, a query reaches no file, network, extension or setting (DuckDB, "Securing DuckDB").
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from wavetank.scenarios.client.parquet_files import UnreadableError
from wavetank.scenarios.client.values import distinct, plain

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from wavetank.scenarios.client.parquet_files import ParquetTable

ROWS_AT_ONCE = 2_048
NO_MEMORY, REFUSED = "Out of Memory Error", "Permission Error"
UNSAFE_HINT = "; a query reaches no file, network, extension or setting, unless --unsafe is given"


class QueryError(Exception):
    """The SQL cannot be run; the message is a line that says why."""


@dataclass(frozen=True)
class Rows:
    """Rows as they come, of values as JSON has them in the order of `columns`; taking one may raise QueryError."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


@dataclass(frozen=True)
class Filled:
    """A table that is filled from `batches`, once; the columns `as_json` hold JSON as text.

    An error of the batches ends the query as it is.
    """

    columns: "pa.Schema"
    batches: Iterable["pa.RecordBatch"]
    as_json: tuple[str, ...] = ()


NO_TABLES: Mapping[str, Filled] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Means:
    """The means that a query may use: memory, and disk for what does not fit, as DuckDB writes sizes ("1GB").

    unsafe: also files of this machine, the network, extensions and DuckDB's settings.
    """

    memory: str = "1GB"
    disk: str = "8GB"
    unsafe: bool = False

    def settings(self, folder: str) -> dict[str, str | bool | int | float | list[str]]:
        """DuckDB's settings; `folder` is for temporary files. No variable of this program is taken for a table."""
        return {
            "memory_limit": self.memory,
            "temp_directory": folder,
            "max_temp_directory_size": self.disk,
            "python_enable_replacements": "false",
        }


@contextmanager
def answered(
    sql: str, tables: Mapping[str, "ParquetTable"], means: Means, filled: Mapping[str, Filled] = NO_TABLES
) -> Iterator[Rows]:
    """The rows of the last statement of `sql`, while the block lasts. Raises QueryError."""
    import duckdb

    with ExitStack() as resources:
        folder = resources.enter_context(TemporaryDirectory(prefix="wavetank-query-"))
        try:
            connection = resources.enter_context(duckdb.connect(config=means.settings(folder)))
        except duckdb.Error as error:
            raise QueryError(f"--memory {means.memory} --disk {means.disk}: {_line(error)}") from error
        for setting in _FOR_ALL if means.unsafe else (*_FOR_ALL, *_SANDBOX):
            connection.execute(f"set {setting}")
        for name, table in tables.items():
            connection.register(name, table)
        question = _Question(connection, sql, tables, means)
        for name, content in filled.items():
            question.fill(name, content)
        with question.told():
            relation = connection.sql(sql)
            question.check()
            reader = relation.to_arrow_reader(ROWS_AT_ONCE) if relation is not None else None
        if reader is None:
            yield Rows((), iter(()))
        else:
            yield Rows(tuple(distinct(reader.schema.names)), question.rows(reader))


def tables_in(sql: str) -> frozenset[str] | None:
    """The tables that statements name, in lower case; None where DuckDB cannot tell, as of a PIVOT."""
    import duckdb

    try:
        with duckdb.connect() as connection:
            statements = connection.extract_statements(sql)
            names = [name for each in statements for name in connection.get_table_names(each.query)]
        return frozenset(name.lower() for name in names)
    except duckdb.Error:
        return None


def each_row(batches: Iterable["pa.RecordBatch"]) -> Iterator[tuple[Any, ...]]:
    """The rows of batches."""
    for batch in batches:
        for start in range(0, batch.num_rows, ROWS_AT_ONCE):
            some = batch.slice(start, ROWS_AT_ONCE)
            yield from zip(*map(plain, some.columns), strict=True)


@dataclass(frozen=True)
class _Question:
    connection: "duckdb.DuckDBPyConnection"
    sql: str
    tables: Mapping[str, "ParquetTable"]
    means: Means

    def check(self) -> None:
        """Raises QueryError where nothing is asked, or something whose rows the last statement would hide."""
        kinds = [statement.type.name for statement in self.connection.extract_statements(self.sql)]
        if not kinds:
            raise QueryError('nothing is asked: give a statement, such as "select count(*) from click"')
        if "SELECT" in kinds[:-1]:
            raise QueryError("a query shows the rows of its last statement alone: ask for the others by themselves")

    def fill(self, name: str, table: Filled) -> None:
        """Make a table and fill it. Raises QueryError where it does not fit."""
        import pyarrow as pa

        with self.told():
            self.connection.from_arrow(table.columns.empty_table()).create(name)
            for column in table.as_json:
                self.connection.execute(f"alter table {name} alter {column} type json")
        for batch in table.batches:
            with self.told():
                self.connection.from_arrow(pa.Table.from_batches([batch])).insert_into(name)

    def rows(self, reader: "pa.RecordBatchReader") -> Iterator[tuple[Any, ...]]:
        with self.told():
            yield from each_row(reader)

    @contextmanager
    def told(self) -> Iterator[None]:
        """The block, within which every error becomes a QueryError."""
        import duckdb
        import pyarrow as pa

        try:
            yield
        except (duckdb.Error, pa.ArrowException, UnreadableError, OSError) as error:
            failures = [str(table.failure) for table in self.tables.values() if table.failure is not None]
            raise QueryError(failures[0] if failures else self._sentence(error)) from error

    def _sentence(self, error: Exception) -> str:
        """The error in a line, with the way out where memory, disk or the sandbox is what refuses."""
        import duckdb

        if _kind(error) == NO_MEMORY:
            return (
                f"needs more than the {self.means.memory} of memory and the {self.means.disk} of disk that it may use: "
                f"give more with --memory and --disk, or ask for less"
            )
        if self.means.unsafe:
            return _line(error)
        kinds = set[str]()
        with suppress(duckdb.Error):
            kinds |= {statement.type.name for statement in self.connection.extract_statements(self.sql)}
        is_sandboxed = _kind(error) == REFUSED or kinds & _OUTSIDE
        return f"{_line(error)}{UNSAFE_HINT if is_sandboxed else self._quotes_hint()}"

    def _quotes_hint(self) -> str:
        """The quotes, where a view is named without them that needs them."""
        bare = [name for name in self.tables if "-" in name and name in self.sql and f'"{name}"' not in self.sql]
        return f'; a name with a hyphen is put in double quotes: "{bare[0]}"' if bare else ""


_FOR_ALL = ("timezone = 'UTC'", "enable_progress_bar = false", "arrow_lossless_conversion = true")
"""The bar would come between the rows; Arrow has no HUGEINT, BIT or TIMETZ of its own."""
_SANDBOX = (
    "enable_external_access = false",
    "autoinstall_known_extensions = false",
    "autoload_known_extensions = false",
    "lock_configuration = true",
)
_OUTSIDE = frozenset({"COPY", "EXPORT", "ATTACH", "DETACH", "LOAD", "SET", "PRAGMA", "COPY_DATABASE"})
"""Statements that are about files, extensions and settings."""


def _kind(error: Exception) -> str:
    """DuckDB's kind of an error, which is in front of its message: on the way through Arrow the type is lost."""
    return str(error).partition(":")[0]


def _line(error: Exception) -> str:
    message, _, _ = str(error).partition("\n\nLINE ")
    return " ".join(message.split())
