"""Every row of a CSV file is read as it was meant, or told to be none; no byte is lost, whatever the file holds."""

import csv
import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.scenarios.workload.csv_rows import SEPARATORS, CsvReader
from wavetank.scenarios.workload.rejects import RejectReason
from wavetank.scenarios.workload.rows import Row, UnusableSourceError

PURCHASES = (
    '\ufefforder;"unit price";note\r\n'
    '007;"1,10";"said ""hm"", then left\r\n  for good"\r\n'
    "\r\n"
    '008;1.10;""\r\n'
    "009;;plain\r\n"
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


def read(data: str | bytes, separator: str | None = None, **limits: int) -> tuple[list[Row], CsvReader]:
    stream = io.BytesIO(data.encode() if isinstance(data, str) else data)
    reader = CsvReader(stream, "orders.csv", separator, **limits)
    return list(reader), reader


def problem(row: Row) -> RejectReason | None:
    return row.problem.reason if row.problem else None


def test_rows_are_objects_of_the_names_in_the_first_row_and_numbered_by_the_line_they_begin_on() -> None:
    rows, reader = read(PURCHASES)
    assert reader.separator == ";"
    assert [(row.number, row.document) for row in rows] == [
        (2, {"order": "007", "unit price": "1,10", "note": 'said "hm", then left\r\n  for good'}),
        (4, None),
        (5, {"order": "008", "unit price": "1.10", "note": None}),
        (6, {"order": "009", "unit price": None, "note": "plain"}),
    ]
    assert [row.is_blank for row in rows] == [False, True, False, False]
    assert rows[0].data.decode() == '007;"1,10";"said ""hm"", then left\r\n  for good"\r'


@given(
    names=st.lists(TEXTS.filter(str.strip), min_size=2, max_size=4, unique=True),
    cells=st.lists(st.lists(TEXTS, min_size=4, max_size=4), max_size=6),
    separator=st.sampled_from(sorted(SEPARATORS)),
    end=st.sampled_from(["\n", "\r\n"]),
    everything_quoted=st.booleans(),
)
def test_whatever_is_written_as_csv_is_read_back(
    names: list[str], cells: list[list[str]], separator: str, end: str, everything_quoted: bool
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=end)
    if everything_quoted:
        writer = csv.writer(out, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL)
    rows = [row[: len(names)] for row in cells]
    writer.writerows([["a name", *names[1:]], *rows])
    read_back, reader = read(out.getvalue(), separator)
    assert reader.broken is None
    assert [problem(row) for row in read_back] == [None] * len(rows)
    assert [list((row.document or {}).values()) for row in read_back] == [
        [cell or None for cell in row] for row in rows
    ]


@given(st.binary(max_size=200) | st.text(alphabet='a1,;"\n\r é', max_size=60).map(str.encode))
def test_every_byte_of_a_file_is_in_exactly_one_row(rest: bytes) -> None:
    rows, reader = read(b"a,b\n" + rest, ",")
    assert reader.broken is None
    assert b"\n".join(row.data for row in rows) == rest.removesuffix(b"\n") or not rows
    assert [row.number for row in rows] == sorted({row.number for row in rows})
    assert all(row.problem or row.is_blank or set(row.document or ()) == {"a", "b"} for row in rows)


@pytest.mark.parametrize(
    ("line", "reason", "message"),
    [
        ("1", RejectReason.NOT_CSV, "1 fields, and the first row names 2 columns"),
        ("1,2,3", RejectReason.NOT_CSV, "3 fields, and the first row names 2 columns"),
        ('"1"2,3', RejectReason.NOT_CSV, "a quote in it is doubled"),
        ("1,2\r3,4", RejectReason.NOT_CSV, "a line end is in quotes"),
        (b"1,\xff", RejectReason.NOT_UTF8, "byte 2 of line 2 is not UTF-8"),
        (b'1,"\n\xff"', RejectReason.NOT_UTF8, "byte 0 of line 3 is not UTF-8"),
        ("1," + "2" * 100, RejectReason.LINE_TOO_LONG, "longer than 50 bytes"),
    ],
)
def test_a_row_that_is_none_is_told_and_the_next_one_is_read(
    line: str | bytes, reason: RejectReason, message: str
) -> None:
    data = b"a,b\n" + (line.encode() if isinstance(line, str) else line) + b"\nx,y\n"
    (bad, good), reader = read(data, max_row_bytes=50)
    assert bad.problem is not None
    assert (bad.number, bad.problem.reason) == (2, reason)
    assert message in bad.problem.message or "new-line" in bad.problem.message
    assert good.document == {"a": "x", "b": "y"}
    assert reader.broken is None


def test_a_quote_that_is_never_closed_is_told_with_all_that_it_swallowed() -> None:
    (row,), reader = read('a,b\n1,"2\n3,4\n')
    assert problem(row) is RejectReason.CUT_OFF
    assert row.data == b'1,"2\n3,4'
    assert reader.broken is None


def test_after_a_row_that_does_not_end_nothing_is_taken_to_pieces() -> None:
    rows, reader = read('a,b\nx,y\n1,"2\n' + "3,4\n" * 20, max_row_bytes=40)
    assert [problem(row) for row in rows] == [None, RejectReason.LINE_TOO_LONG]
    assert reader.broken == "the row on line 3 does not end; what follows it was not read"


def test_a_file_that_was_cut_off_is_read_up_to_there() -> None:
    whole = gzip.compress(b"a,b\n" + b"".join(b"%d,x\n" % number for number in range(5000)))
    rows, reader = read(whole[: len(whole) // 2])
    assert reader.broken == "the gzip data is truncated"
    assert problem(rows[-1]) in (None, RejectReason.CUT_OFF, RejectReason.NOT_CSV)
    assert all(row.document for row in rows[:-1])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "has no first row with the names of the columns. Write one."),
        ("\n \n".replace(" ", ""), "has no first row"),
        ("a,b,a\n", "columns 1 and 3 are both called 'a'. Give one of them another name"),
        ("a,b;c\n", "may be separated by a comma or a semicolon. Say which with --separator."),
        ('a,"b\n', "the first row, of the names of the columns: the file ends in a field whose quote is not closed"),
        (b"a,\xff\n", "it is not UTF-8. Mend it."),
        ("a,b\n".encode("utf-16"), "is in UTF-16. Save it as UTF-8."),
        ("17,2020-01-01,3.5\n", "has values (17, 2020-01-01, 3.5) where the names of the columns are"),
    ],
)
def test_a_first_row_that_names_no_columns_is_refused_with_the_way_out(data: str | bytes, message: str) -> None:
    with pytest.raises(UnusableSourceError) as refusal:
        read(data)
    assert str(refusal.value).startswith("orders.csv: ")
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("head", "separator"),
    [("a,b;c,d", ","), ("a;b", ";"), ("a\tb", "\t"), ("a|b|c;d", "|"), ("only", ","), ('"a,b,c";d', ";")],
)
def test_the_separator_is_the_one_that_the_first_row_has_most_of_outside_of_quotes(head: str, separator: str) -> None:
    assert read(head + "\n")[1].separator == separator


def test_a_column_without_a_name_gets_its_number() -> None:
    (row,), _ = read(",a\n0,x\n")
    assert row.document == {"column_1": "0", "a": "x"}
