"""An enrichment that could add nothing, or nothing that fits, is refused with the file, the rule and the way out."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.pipeline.examples import document
from wavetank.pipeline.schemas.checks import Findings, check_folder
from wavetank.pipeline.topology import load

TOML = """
key = ["country", "day"]
[file]
path = "rates.json"
[columns]
country = "string"
day = "date"
number = "int"
rate = "decimal(6, 2)"
since = "timestamp"
name = "string"
"""
DAY = {"type": "int", "logicalType": "date"}
MICROS = {"type": "long", "logicalType": "timestamp-micros"}
MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
JOINED = {"land": ["null", "string"], "on": ["null", DAY]}


def decimal(precision: int, scale: int) -> dict[str, Any]:
    return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}


def as_of(avro: Any = ("null", MICROS)) -> dict[str, Any]:
    return {"enriched_as_of": list(avro) if isinstance(avro, tuple) else avro}


def planned(root: Path, enrichment: dict[str, Any], fields: dict[str, Any], toml: str = TOML) -> Any:
    """A project with one event type, joined with the reference `rates`, and a plain one, `pages`."""
    event, reference = root / "schemas" / "ping", root / "schemas" / "reference"
    event.mkdir(parents=True)
    reference.mkdir()
    (event / "raw.v1.avsc").write_text(json.dumps(document()))
    extra = [
        {"name": name, "type": avro, **({"default": None} if isinstance(avro, list) else {"default": "x"})}
        for name, avro in fields.items()
    ]
    (event / "processed.v1.avsc").write_text(json.dumps(document(*extra)))
    (event / "enrichment.json").write_text(json.dumps(enrichment))
    (reference / "rates.toml").write_text(toml)
    (reference / "rates.json").write_text('{"rows": {}}')
    (reference / "pages.json").write_text('{"rows": {"a": {"section": "s", "number": 7, "share": 0.5}}}')
    return load(root / "schemas")


def found(root: Path, enrichment: dict[str, Any], fields: dict[str, Any], **more: Any) -> Findings:
    return check_folder(planned(root, enrichment, fields, **more))


@pytest.mark.parametrize(
    ("column", "avro"),
    [
        ("number", "long"), ("number", "int"), ("number", "double"), ("rate", decimal(6, 2)), ("rate", decimal(9, 3)),
        ("rate", {"type": "fixed", "name": "F", "size": 8, "logicalType": "decimal", "precision": 9, "scale": 2}),
        ("day", DAY), ("since", MICROS), ("since", MILLIS), ("name", "string"),
    ],
)  # fmt: skip
def test_a_column_that_fits_its_field_is_deployed(tmp_path: Path, column: str, avro: Any) -> None:
    rule = {"reference": "rates", "on": ["land", "on"], "add": [column]}
    assert found(tmp_path, rule, {**JOINED, column: ["null", avro], **as_of()}) == Findings()


@pytest.mark.parametrize(
    ("column", "avro", "wanted"),
    [
        ("number", ["null", "string"], "[null, long]"),
        ("number", ["null", MICROS], "[null, long]"),
        ("name", ["null", "long"], "[null, string]"),
        ("name", "string", "an event without a row has null there: make it [null, string]"),
        ("rate", ["null", decimal(6, 1)], "[null, bytes (decimal of 6 digits, 2 of them decimal places)]"),
        ("rate", ["null", decimal(6, 3)], "[null, bytes (decimal of 6 digits, 2 of them decimal places)]"),
        ("rate", ["null", "double"], "[null, bytes (decimal of 6 digits, 2 of them decimal places)]"),
        ("day", ["null", "int"], "[null, int (date)]"),
        ("since", ["null", "long"], "[null, long (timestamp-micros)]"),
    ],
)  # fmt: skip
def test_a_column_that_does_not_fit_its_field_is_refused_with_the_type_to_take(
    tmp_path: Path, column: str, avro: Any, wanted: str
) -> None:
    rule = {"reference": "rates", "on": ["land", "on"], "add": [column]}
    [sentence] = found(tmp_path, rule, {**JOINED, column: avro, **as_of()}).refused
    assert sentence.startswith(f"{tmp_path}/schemas/ping/enrichment.json: ")
    assert f"field {column} of processed.v1.avsc is of type" in sentence
    assert sentence.endswith(wanted if wanted.startswith("an event") else f"make it {wanted}")


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({"reference": "rate"}, "no reference 'rate' in reference/; there are: pages, rates"),
        ({"on": "land"}, r'"on" is land, and the key of rates is \[country, day\]: name one field for each column'),
        ({"on": ["land", "on", "label"]}, r'"on" is \[land, on, label\], and the key'),
        ({"on": ["lnd", "on"]}, '"on" names lnd, which is no field of processed.v1.avsc; is it land?'),
        ({"on": ["on", "land"]}, r"field on of processed.v1.avsc .*date.* is joined with a key of type string"),
        ({"on": ["land", "event_time"]}, "event_time of processed.v1.avsc .* is joined with a key of type date"),
        ({"add": ["nam"]}, '"add" names nam, which is no column of reference/rates.toml; is it name?'),
        ({"add": ["since"]}, '"add" names since, which is no field of processed.v1.avsc: add it in the next version'),
        ({"add": ["event_id"]}, '"add" names event_id, which no reference gives'),
        ({"add": ["enriched_as_of"]}, '"add" names enriched_as_of, which no reference gives'),
    ],
)
def test_a_join_that_cannot_be_is_refused_with_the_way_out(tmp_path: Path, rule: dict[str, Any], sentence: str) -> None:
    whole = {"reference": "rates", "on": ["land", "on"], "add": ["name"], **rule}
    findings = found(tmp_path, whole, {**JOINED, "name": ["null", "string"], **as_of()})
    assert any(re.search(sentence, each) for each in findings.refused), findings.refused
    assert all(str(tmp_path / "schemas" / "ping" / "enrichment.json") in each for each in findings.refused)


@pytest.mark.parametrize(
    ("column", "avro", "fits"),
    [
        ("section", "string", True), ("section", "long", False), ("number", DAY, True), ("number", MILLIS, True),
        ("number", decimal(4, 2), True), ("share", "double", True), ("share", "int", False),
        ("number", "string", False),
    ],
)  # fmt: skip
def test_a_json_file_alone_is_joined_by_any_scalar_and_its_values_are_those_of_json(
    tmp_path: Path, column: str, avro: Any, fits: bool
) -> None:
    rule = {"reference": "pages", "on": "on", "add": [column]}
    findings = found(tmp_path, rule, {**JOINED, column: ["null", avro], **as_of()})
    assert bool(findings.refused) is not fits


def test_a_json_file_alone_is_not_joined_by_what_is_no_scalar(tmp_path: Path) -> None:
    rule = {"reference": "pages", "on": "tags", "add": ["section"]}
    fields = {"tags": ["null", {"type": "array", "items": "string"}], "section": ["null", "string"], **as_of()}
    [sentence] = found(tmp_path, rule, fields).refused
    assert "only one value can be joined with a key" in sentence


RULE = {"reference": "pages", "on": "label", "add": ["section"]}
SECTION = {"section": ["null", "string"]}


def test_an_enriched_event_type_that_does_not_say_as_of_when_is_warned_of_with_the_field_to_add(
    tmp_path: Path,
) -> None:
    findings = found(tmp_path, RULE, SECTION)
    assert findings.refused == ()
    [warning] = findings.warnings
    assert warning.startswith(f"{tmp_path}/schemas/ping/processed.v1.avsc: has no field enriched_as_of")
    added = json.loads(warning[warning.index("{") : warning.rindex("}") + 1])
    assert warning.endswith("in processed.v2")
    assert found(tmp_path / "mended", RULE, {**SECTION, "enriched_as_of": added["type"]}) == Findings()


def test_own_code_with_references_is_an_enrichment(tmp_path: Path) -> None:
    topology = planned(tmp_path, RULE, {})
    (tmp_path / "schemas" / "ping" / "enrichment.json").unlink()
    topology = load(tmp_path / "schemas")
    assert check_folder(topology) == Findings()
    code = 'REFERENCES = ("pages",)\n\n\ndef enrich(event, reference):\n    return event\n'
    (tmp_path / "schemas" / "ping" / "enrich.py").write_text(code)
    assert "has no field enriched_as_of" in check_folder(load(tmp_path / "schemas")).warnings[0]


@pytest.mark.parametrize("avro", [["null", "long"], ["null", MILLIS], ["null", "string"], ["null", MICROS, "string"]])
def test_a_field_of_that_name_and_another_type_is_refused_and_what_is_published_is_left_alone(
    tmp_path: Path, avro: Any
) -> None:
    topology = planned(tmp_path, RULE, {**SECTION, "enriched_as_of": avro})
    refused = [each for each in check_folder(topology).refused if "processed.v1.avsc: field enriched_as_of: is" in each]
    assert len(refused) == 1
    file = next(file for file in topology.events[0].schemas if file.role == "processed")
    published = {file.key: file.path.read_bytes()}
    findings = check_folder(topology, published)
    assert not [each for each in findings.refused if "enriched_as_of" in each]
    assert any("the processor leaves the field alone" in each for each in findings.warnings)
