"""A snapshot: the set of rows makes its bytes, every row is found by its key, and damage is never taken for data."""

import math
from collections.abc import Sequence
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import much
from wavetank.pipeline.errors import ReferenceRefused
from wavetank.pipeline.reference import form, snapshot, writer
from wavetank.pipeline.reference.snapshot import DamagedSnapshot, Snapshot
from wavetank.pipeline.reference.table import KEY_KINDS, Column, ColumnType, Key, Kind, Table, Value
from wavetank.pipeline.reference.writer import Writer

EXAMPLES = settings(max_examples=much(30, 1_000))
INT64 = st.integers(-(2**63), 2**63 - 1)
Rows = list[tuple[Value, ...]]


def values_of(kind: ColumnType) -> st.SearchStrategy[Value]:
    """Values of a type, often the same."""
    digits = 10**kind.precision - 1
    by_kind: dict[Kind, st.SearchStrategy[Value]] = {
        Kind.STRING: st.text(max_size=5),
        Kind.INT: INT64,
        Kind.FLOAT: st.floats(),
        Kind.BOOLEAN: st.booleans(),
        Kind.BYTES: st.binary(max_size=5),
        Kind.DECIMAL: st.integers(-digits, digits).map(lambda number: Decimal(number).scaleb(-kind.scale, form.EXACT)),
        Kind.DATE: st.integers(-(2**31), 2**31 - 1),
        Kind.TIMESTAMP: INT64,
    }
    return by_kind[kind.kind]


def kinds() -> st.SearchStrategy[ColumnType]:
    decimals = st.integers(1, 38).flatmap(
        lambda digits: st.integers(0, digits).map(lambda scale: ColumnType(Kind.DECIMAL, digits, scale))
    )
    return st.one_of(decimals, st.sampled_from([kind for kind in Kind if kind is not Kind.DECIMAL]).map(ColumnType))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    key = draw(st.lists(st.sampled_from(KEY_KINDS).map(ColumnType), min_size=1, max_size=3))
    others = draw(st.lists(kinds(), max_size=5))
    columns = [Column(f"c{number}", kind) for number, kind in enumerate(key + others)]
    names = tuple(column.name for column in columns[: len(key)])
    return Table(tuple(draw(st.permutations(columns))), tuple(draw(st.permutations(names))))


@st.composite
def contents(draw: st.DrawFn) -> tuple[Table, Rows]:
    table = draw(tables())
    cells = [
        values_of(column.type) if column.name in table.key else st.none() | values_of(column.type)
        for column in table.columns
    ]
    rows: Rows = draw(st.lists(st.tuples(*cells), max_size=20, unique_by=table.key_of))
    return table, rows


def written(table: Table, rows: Sequence[Sequence[Value]]) -> tuple[bytes, str]:
    out = BytesIO()
    digest = snapshot.write(table, rows, out)
    return out.getvalue(), digest


def plain(table: Table, row: Sequence[Value]) -> list[str]:
    """The values of a row as text, so that nan is nan and 1.50 is not 1.5."""
    return [repr(value) for value in row]


def sample(count: int) -> tuple[Table, Rows]:
    names = {
        "campaign": "string",
        "advertiser": "string",
        "budget": "decimal(12, 2)",
        "note": "string",
        "clicks": "int",
    }
    table = Table(tuple(Column(name, ColumnType.parse(text)) for name, text in names.items()), ("campaign",))
    rows: Rows = [
        (f"c{n}", f"a{n % 7}", Decimal(n * 17).scaleb(-2), None if n % 3 else f"note {n}", None if n % 5 else n)
        for n in range(count)
    ]
    return table, rows


SAMPLE = sample(300)
DATA = written(*SAMPLE)


@pytest.fixture
def dictionaries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns with a dictionary and without are small enough for a test."""
    monkeypatch.setattr(writer, "MOST_VALUES", 3)


@pytest.mark.usefixtures("dictionaries")
class TestRows:
    @EXAMPLES
    @given(contents())
    def test_every_row_is_found_by_its_key_as_it_was_written(self, data: tuple[Table, Rows]) -> None:
        table, rows = data
        read = Snapshot(*written(table, rows))
        assert (len(read), read.table) == (len(rows), table)
        for row in rows:
            hit = read.find(table.key_of(row))
            assert hit is not None
            assert list(hit) == [column.name for column in table.columns]
            assert plain(table, list(hit.values())) == plain(table, row)
        listed = sorted(plain(table, list(row.values())) for row in read.rows())
        assert listed == sorted(plain(table, row) for row in rows)

    @EXAMPLES
    @given(contents(), contents())
    def test_a_key_that_is_in_no_row_is_not_found(self, data: tuple[Table, Rows], other: tuple[Table, Rows]) -> None:
        table, rows = data
        read, keys = Snapshot(*written(table, rows)), {table.key_of(row) for row in rows}
        for row in other[1]:
            key = other[0].key_of(row)
            assert (read.find(key) is not None) == (key in keys)

    @EXAMPLES
    @given(contents(), st.randoms(use_true_random=False), st.integers(1, 7))
    def test_the_bytes_are_a_function_of_the_set_of_rows(
        self, data: tuple[Table, Rows], random: Random, batch: int
    ) -> None:
        table, rows = data
        shuffled = random.sample(rows, len(rows))
        out = BytesIO()
        with Writer(table) as target:
            for start in range(0, len(rows), batch):
                target.add(iter(shuffled[start : start + batch]))
            digest = target.finish(out)
        assert (out.getvalue(), digest) == written(table, rows)


@pytest.mark.parametrize(
    "key",
    [(5,), (None,), (b"c1",), ("c1", "c1"), (), ("\ud800",), (1.5,)],
    ids=["int", "null", "bytes", "two", "none", "surrogate", "float"],
)
def test_a_key_of_another_form_is_in_no_row(key: Key) -> None:
    assert Snapshot(*written(*SAMPLE)).find(key) is None


def test_keys_that_differ_in_their_parts_alone_are_two() -> None:
    table = Table((Column("a", ColumnType(Kind.STRING)), Column("b", ColumnType(Kind.STRING))), ("a", "b"))
    read = Snapshot(*written(table, [("xy", "z"), ("x", "yz")]))
    assert [read.find(key) is not None for key in [("xy", "z"), ("x", "yz"), ("", "xyz"), ("xyz", "")]] == [
        True, True, False, False
    ]  # fmt: skip


def test_keys_of_one_hash_are_all_found() -> None:
    """CRC-32 is linear: these differ in bytes and not in the hash."""
    collisions = [b"plumless", b"buckeroo"]
    table = Table((Column("k", ColumnType(Kind.STRING)),), ("k",))
    read = Snapshot(*written(table, [(text.decode(),) for text in collisions]))
    assert [row["k"] for row in read.rows()] == ["buckeroo", "plumless"]
    assert all(read.find((text.decode(),)) for text in collisions)


class TestDamage:
    @EXAMPLES
    @given(st.data())
    def test_bytes_that_are_cut_or_flipped_are_no_snapshot(self, draw: st.DataObject) -> None:
        data, digest = DATA
        at = draw.draw(st.integers(0, len(data) - 1))
        flipped = bytearray(data)
        flipped[at] ^= draw.draw(st.integers(1, 255))
        for damaged in (data[:at], data[at + 1 :], bytes(flipped), data + b"\0"):
            for name in (None, digest):
                with pytest.raises(DamagedSnapshot):
                    Snapshot(damaged, name)

    def test_the_snapshot_of_other_rows_is_not_taken_for_the_one_that_is_named(self) -> None:
        table, rows = SAMPLE
        with pytest.raises(DamagedSnapshot):
            Snapshot(written(table, rows[1:])[0], written(table, rows)[1])

    def test_a_snapshot_of_a_later_version_is_told_apart_from_a_damaged_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(form, "VERSION", 2)
        data, _ = written(*SAMPLE)
        monkeypatch.undo()
        with pytest.raises(DamagedSnapshot, match="of version 2; this release reads 1"):
            Snapshot(data)


def test_a_snapshot_in_a_file_is_read_as_in_memory(tmp_path: Path) -> None:
    data, digest = written(*SAMPLE)
    path = tmp_path / "snapshot"
    path.write_bytes(data)
    table, rows = SAMPLE
    for read in (Snapshot.open(path, digest), Snapshot(memoryview(data)), Snapshot(memoryview(b"x" + data)[1:])):
        assert [read.find(table.key_of(row)) for row in rows] == [
            dict(zip([column.name for column in table.columns], row, strict=True)) for row in rows
        ]
    path.write_bytes(b"")
    with pytest.raises(DamagedSnapshot):
        Snapshot.open(path)


def test_nothing_is_left_of_what_was_spooled(tmp_path: Path) -> None:
    table, rows = SAMPLE
    with Writer(table, tmp_path) as target:
        target.add(rows)
        assert list(tmp_path.rglob("*"))
    assert list(tmp_path.iterdir()) == []


MISFITS: list[tuple[str, list[Value]]] = [
    ("string", [5, b"x", "\ud800"]),
    ("int", [True, 1.0, "1", 2**63, -(2**63) - 1, Decimal(1)]),
    ("float", [1, "1.0", True, Decimal(1)]),
    ("boolean", [1, 0, "true"]),
    ("bytes", ["x", 5]),
    ("date", [2**31, True, "2020-01-01", 1.0]),
    ("timestamp", [2**63, "now", 1.0]),
    ("decimal(5, 2)", [Decimal("1000"), Decimal("0.001"), Decimal("NaN"), Decimal("Infinity"), 1, 1.5, "1.5",
                       Decimal("1E+999999"), Decimal("1E-999999"), Decimal("-1000")]),
    ("decimal(38, 0)", [Decimal(10) ** 38, Decimal("0.5")]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in MISFITS for value in values])
def test_a_value_that_is_none_of_its_columns_type_is_refused_with_column_and_key(kind: str, value: Value) -> None:
    table = Table((Column("k", ColumnType(Kind.INT)), Column("amount", ColumnType.parse(kind))), ("k",))
    with pytest.raises(ReferenceRefused, match=r"column amount is .*, in the row with the key 7") as refused:
        written(table, [(6, None), (7, value)])
    assert kind in str(refused.value)


@pytest.mark.parametrize("text", ["1.5", "1.50", "1.500", "15E-1", "-0", "0E+5", "999.99", "1E+2"])
def test_decimals_have_the_digits_of_their_type(text: str) -> None:
    table = Table((Column("k", ColumnType(Kind.INT)), Column("d", ColumnType.parse("decimal(5, 2)"))), ("k",))
    row = Snapshot(*written(table, [(1, Decimal(text))])).find((1,))
    assert row is not None
    value = row["d"]
    assert isinstance(value, Decimal)
    assert (value, value.as_tuple().exponent) == (Decimal(text), -2)


@pytest.mark.parametrize("apart", [1, writer.BATCH + 5])
def test_two_rows_of_one_key_are_refused_by_its_name(apart: int) -> None:
    table = Table((Column("n", ColumnType(Kind.INT)), Column("k", ColumnType(Kind.STRING))), ("k", "n"))
    rows = [(n % apart, "the key") for n in range(apart + 1)]
    with pytest.raises(ReferenceRefused, match="two rows have the key the key, 0"):
        written(table, rows)


def test_null_in_a_key_is_refused() -> None:
    table = Table((Column("n", ColumnType(Kind.INT)), Column("k", ColumnType(Kind.STRING))), ("k", "n"))
    with pytest.raises(ReferenceRefused, match="column k of the key is NULL in the row 5, None"):
        written(table, [(1, "a"), (5, None)])


def test_a_key_that_is_too_long_is_refused_and_no_other() -> None:
    table = Table((Column("k", ColumnType(Kind.STRING)), Column("l", ColumnType(Kind.STRING))), ("k", "l"))
    longest = ("k" * writer.LONGEST_KEY, "")
    assert Snapshot(*written(table, [longest])).find(longest) is not None
    with pytest.raises(ReferenceRefused, match="a key has at most"):
        written(table, [("k" * writer.LONGEST_KEY, "l")])


def test_zeros_of_both_signs_and_nan_are_kept() -> None:
    table = Table((Column("k", ColumnType(Kind.INT)), Column("f", ColumnType(Kind.FLOAT))), ("k",))
    read = Snapshot(*written(table, [(0, 0.0), (1, -0.0), (2, math.nan)]))
    assert [math.copysign(1, float(str(row["f"]))) for key in (0, 1) if (row := read.find((key,)))] == [1, -1]
    assert math.isnan(float(str((read.find((2,)) or {})["f"])))


def test_rows_of_many_batches_with_more_values_than_a_dictionary_holds_are_all_found() -> None:
    columns = (("id", Kind.INT), ("name", Kind.STRING), ("class", Kind.STRING), ("text", Kind.STRING))
    table = Table(tuple(Column(name, ColumnType(kind)) for name, kind in columns), ("id",))
    count = writer.MOST_VALUES + writer.BATCH + 1
    long = "x" * (2 * writer.MOST_VALUE_BYTES // 300)
    rows = [(number, f"name {number}", f"class {number % 300}", f"{long}{number % 300}") for number in range(count)]
    out = BytesIO()
    snapshot.write(table, rows, out)
    read = Snapshot(out.getvalue())
    assert len(read) == count
    for row in rows:
        found = read.find((row[0],))
        assert found is not None
        assert tuple(found.values()) == row
