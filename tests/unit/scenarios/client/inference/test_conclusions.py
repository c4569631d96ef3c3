"""What is concluded from values: no number is made of what would not be written so again, and each reason is said."""

import json
from pathlib import Path
from typing import Any

import pytest

from wavetank.scenarios.client.inference.columns import EnumError
from wavetank.scenarios.client.inference.identity import ENOUGH_ROWS, ChoiceError
from wavetank.scenarios.client.inference.proposal import InferenceError, Proposal, propose
from wavetank.scenarios.client.inference.survey import SAMPLES, Source, survey
from wavetank.scenarios.client.inference.uniqueness import Uniqueness

TIME = "2024-01-01T00:00:00Z"
DIGIT_ID = 1_700_000_000_123


def proposal(
    folder: Path, *rows: dict[str, Any], id_: str | None = "*", time: str | None = "t", enums: tuple[str, ...] = ()
) -> Proposal:
    path = folder / "events.ndjson"
    path.write_text("".join(json.dumps({"t": TIME} | row) + "\n" for row in rows))
    return propose("buy", survey(Source(path), id_, time, enums), enums=enums)


def of_csv(folder: Path, *values: str) -> tuple[str, str]:
    """The type and the reason for the values of a column of CSV."""
    path = folder / "events.csv"
    path.write_text("t|x\n" + "".join(f"{TIME}|{value}\n" for value in values))
    (column,) = propose("buy", survey(Source(path), "*", "t")).columns
    return column.type, column.reason


@pytest.mark.parametrize(
    ("values", "avro", "reason"),
    [
        (["1", "-20"], "int", "whole numbers, -20 to 1"),
        (["1", "300000000"], "long", "whole numbers, 1 to 300,000,000"),
        (["9" * 18], "long", "whole numbers"),
        (["9" * 19, "1"], "decimal(38,0)", "whole numbers of more than 64 bits"),
        (["9" * 39], "string", "text: whole numbers of up to 39 digits"),
        (["007", "12"], "string", "text: as a number, 007 would not be written so again"),
        (["-0", "12"], "string", "text: as a number, -0 would not be written so again"),
        (["1E5", "12"], "string", "text: as a number, 1E5 would not be written so again"),
        (["1.10", "2.35"], "decimal(18,2)", "exact decimals of up to 2 digits behind the point"),
        (["1.5", "2.35", "3"], "decimal(18,2)", "exact decimals"),
        (["1.10", "1.9"], "string", "text: zeros at the end of some fractions would be lost"),
        (["1.10", "5"], "decimal(18,2)", "exact decimals"),
        (["1.0", "0.0", "2.35", "0.5"], "decimal(18,2)", "exact decimals of up to 2 digits behind the point"),
        (["1.0", "0.0819647355164"], "double", "numbers of up to 13 digits behind the point"),
        (["1.0", "1.10"], "string", "text: zeros at the end of some fractions would be lost"),
        (["0.100000", "0.250000"], "decimal(18,6)", "exact decimals of up to 6 digits"),
        (["0.0819647355164", "0.25"], "double", "numbers of up to 13 digits behind the point"),
        (["0.1234567890123456789", "0.5"], "decimal(38,19)", "exact decimals"),
        (["1e-07", "2.5"], "double", "numbers with an exponent"),
        (["1,50", "2,75"], "string", "numbers with a decimal comma, such as 1,50"),
        ([" 5", " 6"], "string", "text: there are spaces around some values"),
        (["5", "five"], "string", "text"),
        (["true", "FALSE"], "boolean", "true or false"),
        (["2024-02-29"], "date", "dates in ISO 8601"),
        (["2024-02-30"], "string", "text"),
        (["2024-02-29 10:00:00"], "local-timestamp-micros", "none with an offset"),
        (["2024-02-29T10:00:00.123456789Z"], "timestamp-nanos", "with an offset, kept in UTC"),
        (["1500-02-28T10:00:00Z", "2024-02-29T10:00:00.123456789Z"], "string", "outside the years 1678 to 2261"),
        (["2024-02-29T10:00Z", "2024-02-29T10:00"], "string", "1 of them without an offset"),
        (["2024-02-29T10:00Z", "2024-02-29"], "string", "text"),
    ],
)
def test_text_of_csv_becomes_a_number_or_a_time_only_where_it_stays_what_it_is(
    tmp_path: Path, values: list[str], avro: str, reason: str
) -> None:
    concluded = of_csv(tmp_path, *values)
    assert concluded[0] == avro
    assert reason in concluded[1]


@pytest.mark.parametrize(
    ("values", "avro"),
    [
        (["1", "2"], "string"),
        ([1, 2.5], "decimal(18,1)"),
        ([0.021739130434782608], "double"),
        ([True, False], "boolean"),
        ([1, "1"], "string"),
        ([[1], [2, None]], "array<int or null>"),
        ([{"a": 1}], "record"),
        ([{f"k{n}{m}": n for m in range(3)} for n in range(20)], "map<int>"),
        ([{f"k{n}": n} for n in range(300)], "map<int>"),
        ([{f"k{n}": [n, "x"][n % 2]} for n in range(300)], "map<string>"),
    ],
    ids=str,
)
def test_values_of_json_have_the_type_that_they_are_written_as(tmp_path: Path, values: list[Any], avro: str) -> None:
    (column,) = proposal(tmp_path, *({"x": value} for value in values)).columns
    assert column.type == avro


def test_whole_numbers_are_times_where_name_and_magnitude_say_so(tmp_path: Path) -> None:
    row = {"updated_at": 1_700_000_000_000, "updatedTs": 1_700_000_000_000_000, "created": 1_700_000_000, "n": DIGIT_ID}
    types = {column.name: (column.type, column.reason) for column in proposal(tmp_path, row).columns}
    assert types["updated_at"] == ("timestamp-millis", "by their magnitude milliseconds since 1970")
    assert types["updatedTs"] == ("timestamp-micros", "by their magnitude microseconds since 1970")
    assert types["created"][0] == "long"
    assert types["created"][1].endswith("by their magnitude seconds since 1970, and kept as they are")
    assert types["n"] == ("long", f"whole numbers, {DIGIT_ID:,} to {DIGIT_ID:,}")


def test_what_cannot_be_decided_is_said_and_kept(tmp_path: Path) -> None:
    made = proposal(
        tmp_path,
        {"none": None, "mixed": 1, "both": [1], "empty": [], "bare": {}, "in": {"null": None, "x": 1}},
        {"mixed": "x", "both": {"a": 1}},
    )
    assert {each.path: (each.reason, each.has_column) for each in made.undecided} == {
        "none": ("always null", False),
        "mixed": ("of several types: numbers (1), text (1)", True),
        "both": ("of several types: arrays (1), objects (1)", False),
        "empty": ("always an empty array", False),
        "bare": ("always an empty object", False),
        "in.null": ("always null", False),
    }
    assert made.raw["fields"][-1]["name"] == "attributes"


def test_names_that_no_table_takes_are_changed_and_the_reason_is_said(tmp_path: Path) -> None:
    row = {"date": "x", "Guid": "a", "GUID": "b", "user-id": "c", "2nd": "d", "event_id": "e", "attributes": "f"}
    made = proposal(tmp_path, row)
    assert {column.source: (column.name, column.renamed) for column in made.columns} == {
        "Guid": ("Guid", ""),
        "date": ("buy_date", "is a column of the partition's"),
        "GUID": ("GUID_1", "differs from Guid in case only"),
        "user-id": ("user_id", "is no name in Avro"),
        "2nd": ("_2nd", "is no name in Avro"),
        "event_id": ("buy_event_id", "is the id of the event"),
        "attributes": ("buy_attributes", "keeps what has no column"),
    }
    assert '"GUID" = "GUID_1"' in made.mapping


def test_a_proposed_schema_has_a_line_for_each_field(tmp_path: Path) -> None:
    made = proposal(tmp_path, {"x": 1, "y": {"z": 'a "fields": [] within'}})
    for role, schema in (("raw", made.raw), ("processed", made.processed)):
        text = made.files()[Path("schemas", "buy", f"{role}.v1.avsc")].decode()
        assert json.loads(text) == schema
        lines = [line.strip().removesuffix(",") for line in text.splitlines()]
        assert [line for line in lines if line.startswith('{"')] == [json.dumps(field) for field in schema["fields"]]


def test_an_enumeration_is_made_where_it_is_asked_for(tmp_path: Path) -> None:
    rows = [{"x": text} for text in ("red", "green", "red")]
    (column,) = proposal(tmp_path, *rows, enums=("x",)).columns
    assert column.type == "enum"
    field = next(field for field in proposal(tmp_path, *rows, enums=("x",)).raw["fields"] if field["name"] == "x")
    assert field["type"][1] == {"type": "enum", "name": "BuyX", "symbols": ["green", "red"]}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("dark red", "'dark red' is no symbol"),
        (5, "its values are not all text"),
        (None, "its values are not all text"),
    ],
)
def test_what_is_no_enumeration_is_refused_by_name(tmp_path: Path, value: Any, message: str) -> None:
    with pytest.raises(EnumError, match=f"--enum x: {message}"):
        proposal(tmp_path, {"x": value}, enums=("x",))
    with pytest.raises(EnumError, match="--enum y: no row has a value there"):
        proposal(tmp_path, {"x": value}, enums=("y",))


@pytest.mark.parametrize(
    ("names", "rows", "chosen"),
    [
        (["name", "order_id"], 3, "order_id"),
        (["order_id", "id"], 3, "id"),
        (["name"], ENOUGH_ROWS - 1, ""),
        (["name"], ENOUGH_ROWS, "name"),
        (["row_id"], ENOUGH_ROWS, ""),
        (["amount"], ENOUGH_ROWS, ""),
    ],
)
def test_the_id_is_a_field_that_is_unique_by_no_accident(
    tmp_path: Path, names: list[str], rows: int, chosen: str
) -> None:
    values = [{name: f"v{n}" if name != "amount" else n for name in names} for n in range(rows)]
    made = proposal(tmp_path, *values, id_=None)
    assert made.id.field == chosen
    if chosen:
        assert made.id.reason == f"unique, and has a value in all {rows} rows"


@pytest.mark.parametrize("spoiler", [{"id": "1"}, {"id": None}, {}, {"id": ""}, {"id": 1.5}, {"id": ["x"]}])
def test_a_field_that_repeats_or_is_missing_once_is_no_id(tmp_path: Path, spoiler: dict[str, Any]) -> None:
    assert proposal(tmp_path, {"id": "1"}, {"id": "2"}, id_=None).id.field == "id"
    made = proposal(tmp_path, {"id": "1"}, {"id": "2"}, spoiler, id_=None)
    assert made.id.field == ""
    assert 'hash = "*"' in made.mapping


def test_ids_and_times_are_found_within_objects(tmp_path: Path) -> None:
    rows = [{"t": 5, "Event": {"Meta": {"guid": f"g{n}", "at": TIME}, "n": n}} for n in range(3)]
    made = proposal(tmp_path, *rows, id_=None, time=None)
    assert (made.id.field, made.time.field) == ("Event.Meta.guid", "Event.Meta.at")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"t": 1, "a": TIME, "b": TIME}, "several fields may be the time of the event: a, b. Say which with --time."),
        ({"t": 1, "n": 5}, "no field of times has a value in every row. Name one with --time"),
        ({"t": 1, "d": "29/02/2024"}, "no field of times has a value in every row. Name one with --time"),
    ],
)
def test_where_the_time_is_in_doubt_the_candidates_are_listed(
    tmp_path: Path, row: dict[str, Any], message: str
) -> None:
    with pytest.raises(ChoiceError) as refusal:
        proposal(tmp_path, row, time=None)
    assert str(refusal.value).startswith(message)


def test_a_time_that_is_missing_in_some_rows_is_named_as_near(tmp_path: Path) -> None:
    with pytest.raises(ChoiceError, match=r"Near it: a \(has no value in 1 of 2 rows\)"):
        proposal(tmp_path, {"t": 1, "a": TIME}, {"t": 2}, time=None)


@pytest.mark.parametrize(
    ("value", "formats"),
    [
        (TIME, ("iso8601",)),
        ("2024-01-01", ("iso8601",)),
        (1_700_000_000, ("epoch_s",)),
        (1_700_000_000.25, ("epoch_s",)),
        ("1700000000000", ("epoch_ms",)),
        (1_700_000_000_000_000, ("epoch_us",)),
    ],
)
def test_the_format_of_a_time_is_told_by_its_values(tmp_path: Path, value: Any, formats: tuple[str, ...]) -> None:
    assert proposal(tmp_path, {"t": value}).time.formats == formats


def test_a_named_time_in_no_format_that_is_told_needs_one(tmp_path: Path) -> None:
    with pytest.raises(ChoiceError, match=r"--time t: its values \(such as '29/02/2024'\).*--time-format"):
        proposal(tmp_path, {"t": "29/02/2024"})


def test_times_in_nanoseconds_are_kept_beside_the_time_of_the_event(tmp_path: Path) -> None:
    made = proposal(tmp_path, {"t": "2024-01-01T00:00:00.123456789Z"})
    assert [(column.name, column.type) for column in made.columns] == [("t", "timestamp-nanos")]
    assert '"t" = "t"' in made.mapping


def test_fields_that_are_named_and_are_not_there_are_told_with_those_that_are(tmp_path: Path) -> None:
    for id_, time in (("x", "t"), ("*", "x")):
        with pytest.raises(InferenceError, match=r"x: no row has a value there\. There are: t, y\."):
            proposal(tmp_path, {"y": 1}, id_=id_, time=time)


def test_a_named_id_that_repeats_is_taken_with_a_warning(tmp_path: Path) -> None:
    made = proposal(tmp_path, {"x": 1}, {"x": 1}, {"y": 1}, id_="x")
    assert list(made.warnings) == [
        "--id x: 1 rows have no value there, row 3 is the first; a feed rejects them",
        "--id x: 1 rows repeat an id: copies with one id are one event",
    ]


def test_rows_that_are_no_objects_are_counted_and_a_file_of_nothing_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_text(f'{{"t": "{TIME}"}}\n\n[]\nno\n')
    result = survey(Source(path), "*", "t")
    assert (result.rows, dict(result.unread)) == (1, {"not-an-object": 1, "not-json": 1})
    assert "2 rows are no objects (not-an-object 1, not-json 1): row 3: an event is a JSON object" in (
        propose("buy", result).warnings
    )
    path.write_text("[]\n")
    with pytest.raises(InferenceError, match=r"no row of it is an event \(not-an-object 1; row 1.*jq -c"):
        propose("buy", survey(Source(path), "*", None))


def test_samples_are_the_first_rows_as_they_were_read(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    rows = [f'{TIME};"a\r\nb";{n}\r\n' for n in range(30)]
    path.write_bytes(("t;x;n\r\n" + "".join(rows)).encode())
    made = propose("buy", survey(Source(path), "*", "t"))
    assert made.samples.decode() == "t;x;n\r\n" + "".join(rows[:SAMPLES])
    assert made.suffix == ".csv"


def test_only_as_many_rows_are_looked_at_as_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_text("".join(json.dumps({"t": TIME, "x": n}) + "\n" for n in range(10)))
    assert survey(Source(path, rows=3), "*", "t").rows == 3


@pytest.mark.parametrize("repeat", [None, 0, 4_999, 9_999])
def test_texts_are_unique_or_not_whether_they_fit_into_memory_or_not(tmp_path: Path, repeat: int | None) -> None:
    for in_memory in (100, 20_000):
        seen = Uniqueness(tmp_path, in_memory)
        for number in range(10_000):
            seen.add(str(number))
        if repeat is not None:
            seen.add(str(repeat))
        assert seen.finish() == (repeat is not None)
    assert list(tmp_path.iterdir()) == []
