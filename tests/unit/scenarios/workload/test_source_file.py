"""A source file is read as what it is, however it is packed and whatever it is called."""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wavetank.scenarios.workload.ndjson import parse
from wavetank.scenarios.workload.rows import Row, UnusableSourceError
from wavetank.scenarios.workload.source_file import Format, opened

NDJSON = b'{"a":"x"}\n{"a":"y"}\n'
CSV = b"a\nx\ny\n"


def documents(path: Path, named: Format | None = None) -> list[object]:
    with opened(path, named) as source:
        return [document(row) for row in source.rows]


def document(row: Row) -> object:
    return parse(row.data) if row.document is None else row.document


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda data: pa.compress(data, "zstd", asbytes=True)])
@pytest.mark.parametrize(("name", "data"), [("events.json", NDJSON), ("events.CSV.x", NDJSON), ("events.csv", CSV)])
def test_text_is_read_plain_gzipped_or_zstd(tmp_path: Path, name: str, data: bytes, pack: object) -> None:
    path = tmp_path / name
    path.write_bytes(pack(data))  # type: ignore[operator]
    assert documents(path) == [{"a": "x"}, {"a": "y"}]


@pytest.mark.parametrize("name", ["events.tsv", "events.csv.gz", "events.CSV.zst"])
def test_csv_is_told_by_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(CSV)
    assert documents(tmp_path / name) == [{"a": "x"}, {"a": "y"}]


def test_parquet_is_told_by_its_content_and_a_format_by_word(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    pq.write_table(pa.table({"a": ["x", "y"]}), path)
    assert documents(path) == [{"a": "x"}, {"a": "y"}]
    path.write_bytes(NDJSON)
    assert documents(path, Format.NDJSON) == [{"a": "x"}, {"a": "y"}]


def test_a_file_that_is_called_parquet_and_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "events.parquet").write_bytes(NDJSON)
    with pytest.raises(UnusableSourceError, match=r"events\.parquet: is no Parquet file.*Say what it is by --format"):
        documents(tmp_path / "events.parquet")


def test_a_zstd_file_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson.zst"
    lines = b"".join(b'{"a":"%d"}\n' % number for number in range(50_000))
    path.write_bytes(pa.compress(lines, "zstd", asbytes=True)[:-100])
    with opened(path) as source:
        rows = [row for row in source.rows if row.problem is None]
        assert source.rows.broken == "Truncated compressed stream"
    assert 0 < len(rows) < 50_000
    assert rows[-1].data == b'{"a":"%d"}' % (len(rows) - 1)


def test_the_position_comes_to_the_total(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    pq.write_table(pa.table({"a": ["x", "y"]}), path)
    for file in (path, tmp_path / "events.csv"):
        if not file.exists():
            file.write_bytes(CSV)
        with opened(file) as source:
            assert len(list(source.rows)) == 2
            assert source.position is not None
            assert source.position() == source.total
