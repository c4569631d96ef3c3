"""The rows of a reference's file are the same whichever form it has, and what is wrong is told where it is."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wavetank.pipeline.components import reference_files
from wavetank.pipeline.components.reference_files import FileReferences, snapshot_of
from wavetank.pipeline.components.references import ReferenceData, read_references
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.reference.snapshot import Snapshot

TOML = """
key = ["campaign"]
[file]
path = "{path}"
[columns]
campaign = "string"
budget = "decimal(12, 2)"
clicks = "int"
share = "float"
active = "boolean"
starts = "date"
changed = "timestamp"
raw = "bytes"
"""
ROWS: list[dict[str, Any]] = [
    {"campaign": "men", "budget": Decimal("12.50"), "clicks": -3, "share": 0.5, "active": True,
     "starts": date(2020, 2, 29), "changed": datetime(2020, 1, 1, 0, 0, 1, tzinfo=UTC), "raw": b"\x00x"},
    {"campaign": "women, all", "budget": None, "clicks": None, "share": None, "active": None,
     "starts": None, "changed": None, "raw": None},
]  # fmt: skip
VALUES = [
    {"campaign": "men", "budget": Decimal("12.50"), "clicks": -3, "share": 0.5, "active": True,
     "starts": 18321, "changed": 1_577_836_801_000_000, "raw": b"\x00x"},
    {**ROWS[1]},
]  # fmt: skip
JSON_ROWS = """[
    {"campaign": "men", "budget": 12.5, "clicks": -3, "share": 0.5, "active": true,
     "starts": "2020-02-29", "changed": "2020-01-01T00:00:01", "raw": "AHg=", "more": [1]},
    {"campaign": "women, all", "budget": null}
]"""
JSON_BY_KEY = """{"version": 1, "rows": {
    "men": {"budget": "12.50", "clicks": -3, "share": 0.5, "active": true,
            "starts": "2020-02-29", "changed": "2020-01-01T01:00:01+01:00", "raw": "AHg="},
    "women, all": {}
}}"""
CSV = """\ufeffcampaign,more,budget,clicks,share,active,starts,changed,raw\r
men,,12.5,-3,0.5,TRUE,2020-02-29,2020-01-01T00:00:01Z,AHg=\r
\r
"women, all",,,,,,,,\r
"""


def parquet(rows: list[dict[str, Any]]) -> bytes:
    out = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue().to_pybytes()


def configured(folder: Path, name: str, content: str | bytes, toml: str = TOML) -> ReferenceData:
    """The reference of a file, with a TOML file or, where that is empty, without."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    if toml:
        path.with_suffix(".toml").write_text(toml.format(path=name))
    [reference] = read_references(folder)
    return reference


def rows_of(reference: ReferenceData) -> list[dict[str, Any]]:
    digest, data = snapshot_of(reference)
    return sorted(map(dict, Snapshot(data, digest).rows()), key=str)


FORMS: dict[str, str | bytes] = {
    "rows.json": JSON_ROWS, "by-key.json": JSON_BY_KEY, "a.csv": CSV, "b.csv": CSV.replace("women, all", "women; all")
    .replace(",", ";").replace("women; all", "women, all"), "p.parquet": parquet(ROWS),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_rows_of_each_form_are_typed_by_the_table(tmp_path: Path, name: str) -> None:
    file = name.replace("rows.", "r.").replace("by-key.", "k.")
    assert rows_of(configured(tmp_path, file, FORMS[name])) == sorted(VALUES, key=str)


def test_the_same_rows_have_one_digest_whichever_form_they_are_in(tmp_path: Path) -> None:
    digests = set()
    for number, (name, content) in enumerate(FORMS.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        digests.add(snapshot_of(configured(folder, f"a{Path(name).suffix}", content))[0])
    assert len(digests) == 1


@pytest.mark.parametrize("content", [
    '{"version": "1", "rows": {"men": {"name": "M", "n": 1, "x": 1, "ok": true}, "all": {"x": 1.5, "none": null}}}',
    '[{"key": "men", "name": "M", "n": 1, "x": 1, "ok": true}, {"key": "all", "x": 1.5, "none": null}]',
])  # fmt: skip
def test_a_json_file_alone_has_the_columns_that_its_rows_have(tmp_path: Path, content: str) -> None:
    reference = configured(tmp_path, "campaigns.json", content, toml="")
    data = snapshot_of(reference)[1]
    read = Snapshot(data)
    assert [(column.name, str(column.type)) for column in read.table.columns] == [
        ("key", "string"), ("n", "int"), ("name", "string"), ("none", "string"), ("ok", "boolean"), ("x", "float"),
    ]  # fmt: skip
    assert dict(read.find(("men",)) or {}) == {"key": "men", "n": 1, "name": "M", "none": None, "ok": True, "x": 1.0}
    _, same = FileReferences((reference,)).as_of("campaigns", 0)
    assert list(same.rows()) == list(read.rows())


def test_a_whole_number_before_a_row_is_a_key_of_whole_numbers(tmp_path: Path) -> None:
    toml = 'key = ["id"]\n[file]\npath = "{path}"\n[columns]\nid = "int"\nname = "string"\n'
    assert rows_of(configured(tmp_path, "a.json", '{"rows": {"7": {"name": "x"}}}', toml)) == [{"id": 7, "name": "x"}]


def json_row(**changes: str) -> str:
    cells = {
        "campaign": '"men"',
        **dict.fromkeys(["budget", "clicks", "share", "active", "starts", "changed", "raw"], "null"),
    }
    return "[{" + ", ".join(f'"{name}": {text}' for name, text in {**cells, **changes}.items()) + "}]"


WRONG: list[tuple[str, str | bytes, str, str]] = [
    ("a.json", '[\n{"campaign": }]', "line 2: not JSON", ""),
    ("a.json", b"\xff", "not JSON", ""),
    ("a.json", '{"rows": []}', "is neither", ""),
    ("a.json", "5", "is neither", ""),
    ("a.json", "[5]", "row 1: a row is an object", ""),
    ("a.json", '{"rows": {"men": 5}}', "row 'men': a row is an object", ""),
    ("a.json", '{"rows": {"men": {}, "men": {}}}', "'men' twice", ""),
    ("a.json", '{"rows": {"men": {"campaign": "x"}}}', "row 'men': campaign is the key before the row", ""),
    ("a.json", '[{"campaign": NaN}]', "NaN is no value of JSON", ""),
    ("a.json", '[{"campaign": "men"}]', "no row has the column budget", ""),
    ("a.json", json_row(campaign="null"), "row 1: column campaign of the key has no value", ""),
    ("a.json", json_row(campaign="5"), "row 1: column campaign is string, got 5: no text", ""),
    ("a.json", json_row(clicks='"5"'), "row 1: column clicks is int, got '5': no whole number", ""),
    ("a.json", json_row(clicks="5.0"), "row 1: column clicks is int, got 5.0", ""),
    ("a.json", json_row(clicks="9223372036854775808"), "column clicks is int", ""),
    ("a.json", json_row(share="true"), "row 1: column share is float", ""),
    ("a.json", json_row(active="1"), "neither true nor false", ""),
    ("a.json", json_row(budget="1.005"), "column budget is decimal(12, 2)", ""),
    ("a.json", json_row(starts='"2020-02-30"'), "row 1: column starts is date", ""),
    ("a.json", json_row(changed="5"), "row 1: column changed is timestamp", ""),
    ("a.json", json_row(raw='"A"'), "row 1: column raw is bytes", ""),
    ("a.csv", "campaign\nmen\n", "has no column budget, clicks", ""),
    ("a.csv", "", "there are: none", ""),
    ("a.csv", CSV.replace("more", "campaign"), "the column campaign twice", ""),
    ("a.csv", CSV.replace("-3", "3.0"), "line 2: column clicks is int, got '3.0'", ""),
    ("a.csv", CSV.replace("0.5", "nan"), "line 2: column share is float", ""),
    ("a.csv", CSV.replace("TRUE", "yes"), "line 2: column active is boolean", ""),
    ("a.csv", CSV.replace("men,", ",", 1), "line 2: column campaign of the key", ""),
    ("a.csv", CSV.replace("men,", "", 1), "line 2: 8 fields, and the first row names 9", ""),
    ("a.csv", CSV + '"x', "line 5: not CSV", ""),
    ("a.csv", CSV.encode() + b"\xff,,,,,,,,\n", "not UTF-8", ""),
    ("a.csv", CSV + "men,,,,,,,,\n", "two rows have the key men", ""),
    ("a.parquet", b"PAR1", "not Parquet", ""),
    ("a.parquet", parquet([{"campaign": "men"}]), "has no column budget", ""),
    ("a.parquet", parquet([{**ROWS[0], "budget": 1.5}]), "row 1: column budget is decimal(12, 2), got 1.5", ""),
    ("b.json", '{"rows": {"men": {"x": [1]}}}', "row 'men': column x has [1]", "plain"),
    ("b.json", '{"rows": {"men": {"x": 1}, "all": {"x": "1"}}}', "column x has values of several types", "plain"),
    ("b.json", '{"rows": {"men": {"key": 1}}}', "key is the key before the row", "plain"),
    ("b.json", '[{"x": 1}]', "no row has the column key", "plain"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "rule", "form"), WRONG, ids=[f"{each[0]}: {each[2]}" for each in WRONG])
def test_what_is_wrong_is_told_with_the_file_the_place_and_the_rule(
    tmp_path: Path, name: str, content: str | bytes, rule: str, form: str
) -> None:
    reference = configured(tmp_path, name, content, toml="" if form else TOML)
    with pytest.raises(ConfigurationError) as refused:
        snapshot_of(reference)
    assert rule in str(refused.value)
    assert str(refused.value).startswith(str(tmp_path / name))


@pytest.mark.parametrize(
    ("limit", "rule"), [("rows = 1", "more than 1 rows"), ("mib = 1", "more than 1 MiB")], ids=["rows", "bytes"]
)
def test_a_file_beyond_its_limits_is_refused(tmp_path: Path, limit: str, rule: str) -> None:
    rows = json.dumps([{"campaign": f"{n}", "note": f"{n}" * 200_000} for n in range(4)])
    toml = 'key = ["campaign"]\n[file]\npath = "{path}"\n[columns]\ncampaign = "string"\nnote = "string"\n[limits]\n'
    with pytest.raises(ConfigurationError, match=rule):
        snapshot_of(
            configured(tmp_path, "a.json", rows.replace('"note": "0', '"note": "' + "y" * 400_000), toml + limit)
        )


def test_rows_of_a_database_are_nobodys_but_its_dumpers(tmp_path: Path) -> None:
    toml = 'key = ["k"]\n[database]\nname = "ads"\nsecret = "s"\ntable = "t"\n[columns]\nk = "string"\n'
    (tmp_path / "a.toml").write_text(toml)
    with pytest.raises(ConfigurationError, match="its rows are in a database"):
        reference_files.write(read_references(tmp_path)[0], BytesIO())
