"""The promotions that columns of two versions may have are those that DuckDB and pyarrow read side by side."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from wavetank.pipeline.avro.model import Record
from wavetank.pipeline.avro.parse import parse
from wavetank.pipeline.avro.resolution import PROMOTIONS
from wavetank.pipeline.avro.tables import TOGETHER, column_problems, name_problems
from wavetank.pipeline.core.files.columns import PRIMITIVES

ENDS: dict[str, list[Any]] = {
    "int": [-(2**31), 2**24 + 1, 2**31 - 1],
    "long": [-(2**63), 2**53 + 1, 2**63 - 1],
    "float": [0.5, 2.0**100],
    "double": [0.1, 1.0e308],
    "bytes": [b"\xff\x00"],
    "string": ["hi", "\u00fc"],
}
PAIRS = [(older, newer) for older, newers in PROMOTIONS.items() for newer in sorted(newers)]


def record(*fields: tuple[str, Any], name: str = "R") -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": [{"name": field, "type": avro} for field, avro in fields]}


def parsed(document: dict[str, Any]) -> Record:
    avro = parse(document)
    assert isinstance(avro, Record)
    return avro


def is_read_together(folder: Path, older: str, newer: str) -> bool:
    """Whether both readers give every value of both columns as the newer column has it, in either order of files."""
    paths = [str(folder / f"{name}.parquet") for name in (older, newer)]
    for path, name in zip(paths, (older, newer), strict=True):
        pq.write_table(pa.table({"x": pa.array(ENDS[name], PRIMITIVES[name])}), path)
    wanted = [type(ENDS[newer][0])(value) if older in ("int", "float") else value for value in ENDS[older]] + ENDS[
        newer
    ]
    return all(sorted(map(repr, values)) == sorted(map(repr, wanted)) for values in _read(paths, newer))


def _read(paths: list[str], newer: str) -> Iterator[list[Any]]:
    schema = pa.schema([("x", PRIMITIVES[newer])])
    with duckdb.connect() as connection:
        for files in (paths, paths[::-1]):
            try:
                rows = connection.execute("select x from read_parquet(?, union_by_name = true)", [files]).fetchall()
                yield [value for (value,) in rows]
                yield ds.dataset(files, schema=schema).to_table().column("x").to_pylist()
            except (duckdb.Error, pa.ArrowException):
                yield []


@pytest.mark.parametrize(("older", "newer"), PAIRS, ids=map("-".join, PAIRS))
def test_what_may_follow_as_a_column_is_what_both_readers_read_together(tmp_path: Path, older: str, newer: str) -> None:
    assert is_read_together(tmp_path, older, newer) is ((older, newer) in TOGETHER)
    for wrap in (lambda avro: avro, lambda avro: ["null", avro], lambda avro: {"type": "array", "items": avro}):
        before, after = parsed(record(("x", wrap(older)))), parsed(record(("x", wrap(newer))))
        assert (list(column_problems(before, after)) == []) is ((older, newer) in TOGETHER)


def test_a_column_may_go_come_and_be_renamed_but_not_in_case() -> None:
    before = parsed(record(("a", "int"), ("In", record(("x", "int"), ("y", "bytes"), name="In"))))
    after = parsed(record(("b", "string"), ("In", record(("X", "int"), ("z", "int"), name="In"))))
    assert [problem.field for problem in column_problems(before, after)] == ["In.X"]


def test_names_are_looked_at_at_every_level_and_once_where_a_record_contains_itself() -> None:
    inner = {
        "type": "record",
        "name": "Node",
        "fields": [
            {"name": "next", "type": ["null", "Node"]},
            {
                "name": "Next",
                "type": {"type": "map", "values": {"type": "array", "items": record(("q", "int"), ("Q", "int"))}},
            },
            {"name": "date", "type": "int"},
        ],
    }
    problems = [
        problem.field for problem in name_problems(parsed(record(("Date", "int"), ("at", inner), name="T")), ["date"])
    ]
    assert problems == ["Date", "at.Next", "at.Next{}[].Q"]


def test_every_pair_of_primitives_that_does_not_resolve_is_left_to_resolution() -> None:
    for older, newer in product(PRIMITIVES, repeat=2):
        if newer not in PROMOTIONS.get(older, ()):
            assert list(column_problems(parsed(record(("x", older))), parsed(record(("x", newer))))) == []
