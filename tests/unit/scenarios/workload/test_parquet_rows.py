"""Every row of a Parquet file is the JSON object that stands for it, with every digit, or told to have none."""

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wavetank.scenarios.workload.ndjson import Number, parse
from wavetank.scenarios.workload.parquet_rows import ParquetReader
from wavetank.scenarios.workload.rejects import RejectReason
from wavetank.scenarios.workload.rows import UnusableSourceError

NOON = datetime(2024, 2, 29, 12, 0, 0, 123456, tzinfo=UTC)
CELLS: list[tuple[Any, Any, str]] = [
    (pa.bool_(), True, "true"),
    (pa.int8(), -5, "-5"),
    (pa.uint64(), 2**64 - 1, "18446744073709551615"),
    (pa.float64(), 1e-7, "1e-07"),
    (pa.float32(), 0.5, "0.5"),
    (pa.decimal128(10, 2), Decimal("1.10"), "1.10"),
    (pa.decimal128(20, 10), Decimal("0E-10"), "0.0000000000"),
    (pa.decimal256(60, 3), Decimal("1" * 50 + ".250"), "1" * 50 + ".250"),
    (pa.string(), 'é"', '"é\\""'),
    (pa.large_string(), "", '""'),
    (pa.dictionary(pa.int8(), pa.string()), "red", '"red"'),
    (pa.binary(), b"\x00\xff", '"AP8="'),
    (pa.binary(2), b"ab", '"YWI="'),
    (pa.date32(), date(2024, 2, 29), '"2024-02-29"'),
    (pa.time32("ms"), 34_200_250, '"09:30:00.250"'),
    (pa.time64("ns"), 1, '"00:00:00.000000001"'),
    (pa.timestamp("us", "Europe/Paris"), NOON, '"2024-02-29T12:00:00.123456+00:00"'),
    (pa.timestamp("ns", "UTC"), 1, '"1970-01-01T00:00:00.000000001+00:00"'),
    (pa.timestamp("ms", "UTC"), -1, '"1969-12-31T23:59:59.999+00:00"'),
    (pa.timestamp("us"), 0, '"1970-01-01T00:00:00.000000"'),
    (pa.duration("us"), 1_500, "1500"),
    (pa.list_(pa.int32()), [1, None], "[1,null]"),
    (pa.list_(pa.int32(), 2), [1, 2], "[1,2]"),
    (pa.large_list(pa.string()), [], "[]"),
    (pa.struct([("a", pa.int8()), ("b", pa.list_(pa.bool_()))]), {"a": 1, "b": None}, '{"a":1,"b":null}'),
    (pa.map_(pa.string(), pa.int32()), [("x", 1), ("y", None)], '{"x":1,"y":null}'),
    (pa.map_(pa.int32(), pa.string()), [(7, "x")], '{"7":"x"}'),
    (pa.null(), None, "null"),
]


def written(folder: Path, table: pa.Table, **options: Any) -> ParquetReader:
    path = folder / "events.parquet"
    pq.write_table(table, path, **options)
    return ParquetReader(path)


@pytest.mark.parametrize(("arrow", "value", "text"), CELLS, ids=[str(arrow) for arrow, _, _ in CELLS])
def test_a_value_of_every_type_is_json_with_all_that_it_says(tmp_path: Path, arrow: Any, value: Any, text: str) -> None:
    column = pa.array([None, value, None, value], arrow)
    rows = list(written(tmp_path, pa.table({"x": column}), row_group_size=3))
    assert [row.data.decode() for row in rows] == ['{"x":null}', f'{{"x":{text}}}'] * 2
    assert [row.document for row in rows] == [parse(row.data) for row in rows]
    assert [row.number for row in rows] == [1, 2, 3, 4]


def test_rows_of_several_row_groups_are_numbered_through(tmp_path: Path) -> None:
    reader = written(tmp_path, pa.table({"x": list(range(5000))}), row_group_size=700)
    assert reader.total == 5000
    assert [(row.number, row.document) for row in reader] == [(n + 1, {"x": Number(n)}) for n in range(5000)]
    assert (reader.position, reader.broken) == (5000, None)


def test_a_value_that_json_has_none_for_rejects_its_row_alone(tmp_path: Path) -> None:
    table = pa.table(
        {
            "n": [1, 2, 3, 4, 5],
            "f": pa.array([0.5, math.nan, -math.inf, None, 1.0]),
            "t": pa.array([0, 0, 0, 2**62, 0], pa.timestamp("ms")),
            "s": pa.array([b"a", b"b", b"c", b"d", b"\xff"]).view(pa.string()),
        }
    )
    rows = list(written(tmp_path, table))
    problems = [row.problem.message.partition(":")[0] if row.problem else None for row in rows]
    assert problems == [None, "f", "f", "t", "s"]
    assert {row.problem.reason for row in rows if row.problem} == {RejectReason.NO_JSON_VALUE}
    assert rows[1].data == b'{"n":2,"t":"1970-01-01T00:00:00.000","s":"b"}'


def test_a_file_that_is_damaged_within_says_up_to_where_it_was_read(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    texts = [f"text {number}" for number in range(20_000)]
    pq.write_table(pa.table({"x": texts}), path, row_group_size=5_000, compression="zstd", use_dictionary=False)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2_000] = bytes(2_000)
    path.write_bytes(data)
    reader = ParquetReader(path)
    rows = [row for row in reader if row.problem is None]
    assert reader.broken is not None
    assert reader.broken.startswith(f"after row {reader.position}: ")
    assert 0 < len(rows) < 20_000


def test_what_no_event_can_have_is_refused_before_the_first_row(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    path.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(UnusableSourceError, match=r"events\.parquet: cannot be read as Parquet: .*Write it anew\."):
        ParquetReader(path)
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), path)
    with pytest.raises(UnusableSourceError, match=r"two columns are called .a.\. Give one of them another name"):
        ParquetReader(path)
