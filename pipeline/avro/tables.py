"""Columns that can be one table: names that differ in more than case, and types that are read side by side.

Files of several hours were written with several versions of a schema and are queried together. DuckDB and Athena take
names that differ only in case for one column, and struct fields likewise. Which types DuckDB (`union_by_name`) and a
dataset of pyarrow read together, for all of their values, is shown by `tests/unit/pipeline/avro/test_tables.py`.
"""

from collections.abc import Iterable, Iterator

from wavetank.pipeline.avro.model import Array, Map, Primitive, Record, Type, Union
from wavetank.pipeline.avro.resolution import PROMOTIONS, Problem
from wavetank.pipeline.avro.storable import NULL

TOGETHER = frozenset({("int", "long"), ("int", "double"), ("float", "double")})
"""Promotions without loss: the older column is read as the newer one. bytes and string are columns of two kinds, and
neither every int is a float nor every long a double."""


def name_problems(avro: Record, reserved: Iterable[str]) -> Iterator[Problem]:
    """A problem for each name of a field that cannot be a column's: at the top those that are `reserved`."""
    for field in avro.fields:
        if field.name.lower() in reserved:
            yield Problem(field.name, "is a column of the partition's, which would hide it; give it another name")
    yield from _names(avro, "", [])


def column_problems(older: Record, newer: Record) -> Iterator[Problem]:
    """A problem for each column of two versions that cannot be read as one column, though `newer` reads `older`."""
    yield from _columns(older, newer, "", set())


def _names(avro: Type, path: str, inside: list[Record]) -> Iterator[Problem]:
    match avro:
        case Array(inner):
            yield from _names(inner, f"{path}[]", inside)
        case Map(inner):
            yield from _names(inner, f"{path}{{}}", inside)
        case Union(branches):
            for branch in branches:
                yield from _names(branch, path, inside)
        case Record() if avro not in inside:
            first: dict[str, str] = {}
            for field in avro.fields:
                other = first.setdefault(field.name.lower(), field.name)
                where = f"{path}.{field.name}" if path else field.name
                if other != field.name:
                    yield Problem(where, f"differs from {other} in case only, and queries take the two for one column; "
                                  "rename one of them")  # fmt: skip
                yield from _names(field.type, where, [*inside, avro])


def _columns(older: Type, newer: Type, path: str, seen: set[tuple[int, int]]) -> Iterator[Problem]:
    match _column(older), _column(newer):
        case (Array(before), Array(after)):
            yield from _columns(before, after, f"{path}[]", seen)
        case (Map(before), Map(after)):
            yield from _columns(before, after, f"{path}{{}}", seen)
        case (Record() as before, Record() as after) if (id(before), id(after)) not in seen:
            seen.add((id(before), id(after)))
            columns = {field.name.lower(): field for field in before.fields}
            for field in after.fields:
                column = columns.get(field.name.lower())
                where = f"{path}.{field.name}" if path else field.name
                if column is not None and column.name != field.name:
                    rule = f"was {column.name}, which queries take for the same column: keep its case"
                    yield Problem(where, rule)
                elif column is not None:
                    yield from _columns(column.type, field.type, where, seen)
        case (Primitive(was), Primitive(now)) if was != now and now in PROMOTIONS.get(was, ()):
            if (was, now) not in TOGETHER:
                rule = f"was a column of {was} and is one of {now}, which no query reads together; add a field for it"
                yield Problem(path, rule)


def _column(avro: Type) -> Type:
    """The type of a column's values besides null."""
    if isinstance(avro, Union):
        return next((branch for branch in avro.branches if branch != NULL), NULL)
    return avro
