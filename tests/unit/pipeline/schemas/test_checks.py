"""A schema folder that breaks a rule is not published; the sentence names the file, the field and the rule."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.pipeline.examples import document
from wavetank.pipeline.avro.resolution import Level
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.schemas.checks import Findings, check_event, check_folder, differences, level_of, read
from wavetank.pipeline.topology import load

SCORE = {"name": "score", "type": ["null", "int"], "default": None}
NEEDED = {"name": "needed", "type": "int"}
NODE = {"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"]}]}


def folder(root: Path, **schemas: dict[str, Any]) -> Path:
    """`schemas/ping` with the schemas given, by names like raw_v1."""
    (root / "ping").mkdir(parents=True)
    for name, schema in schemas.items():
        (root / "ping" / f"{name.replace('_', '.')}.avsc").write_text(json.dumps(schema))
    return root


@pytest.mark.parametrize(
    ("extra", "rule"),
    [
        ({"raw_v2": document(NEEDED)}, r"raw\.v2\.avsc: field needed: the writer does not have it"),
        ({"raw_v2": document({**SCORE, "default": "x"})}, r"raw\.v2\.avsc: field score: the default 'x'"),
        ({"raw_v2": {"type": "record"}}, r"raw\.v2\.avsc: not a valid Avro schema: needs the attribute name"),
        ({"raw_v1": {**document(), "fields": document()["fields"][1:]}}, "needs a field event_id"),
        (
            {"raw_v2": json.loads(json.dumps(document()).replace("micros", "millis"))},
            r"field event_time: was timestamp-micros in raw\.v1 and is timestamp-millis, .*; keep its unit",
        ),
        ({"processed_v1": document({"name": "u", "type": ["int", "string"], "default": 1})}, "no Parquet column"),
        ({"processed_v1": document({"name": "n", "type": ["null", NODE], "default": None})}, "contains itself"),
        ({"processed_v1": document(NEEDED)}, r"processed\.v1\.avsc: field needed: .*reading .*raw\.v1\.avsc"),
    ],
)
def test_a_folder_is_refused_with_the_rule_it_breaks(tmp_path: Path, extra: dict[str, Any], rule: str) -> None:
    schemas = {"raw_v1": document(), "processed_v1": document(), **extra}
    problems = check_folder(load(folder(tmp_path, **schemas))).refused
    assert any(re.search(rule, problem) for problem in problems), problems


TAG = {"name": "tag", "type": ["null", "string"], "default": None}


@pytest.mark.parametrize(
    ("raw", "processed", "key", "rule"),
    [
        ([TAG], [TAG], "tag", ""),
        ([SCORE], [SCORE], "score", ""),
        ([TAG], [TAG], "tga", "partition_key is 'tga', and"),
        ([], [TAG], "tag", r"raw\.v1\.avsc has no such field"),
        ([TAG], [], "tag", r"processed\.v1\.avsc has no such field"),
        ([], [], "event_time", r"of type long \(timestamp-micros\): events are put by a string, an enum"),
    ],
)
def test_the_partition_key_is_a_field_of_both_schemas_that_has_one_text(
    tmp_path: Path, raw: list[Any], processed: list[Any], key: str, rule: str
) -> None:
    schemas = folder(tmp_path / "schemas", raw_v1=document(*raw), processed_v1=document(*processed))
    (schemas / "ping" / "component.toml").write_text(f'partition_key = "{key}"')
    refused = "\n".join(check_folder(load(schemas)).refused)
    assert re.search(rule, refused) if rule else refused == ""


def test_a_compatible_chain_may_be_published(tmp_path: Path) -> None:
    planned = load(folder(tmp_path, raw_v1=document(), raw_v2=document(SCORE), processed_v1=document()))
    assert check_folder(planned) == Findings()


def test_an_overwritten_version_is_refused(tmp_path: Path) -> None:
    (event,) = load(folder(tmp_path, raw_v1=document(), processed_v1=document())).events
    (problem,) = check_event(event, {"schemas/ping/raw/v1.avsc": json.dumps(document(SCORE)).encode()}).refused
    assert "a published version is never changed" in problem


MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
MICROS = {"type": "long", "logicalType": "timestamp-micros"}
MONEY = {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}


def optional(avro: Any, name: str = "at", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": ["null", avro], "default": None, **more}


def inside(avro: Any) -> dict[str, Any]:
    """A record in an array in a map, with `avro` as its field."""
    record = {"type": "record", "name": "Inside", "fields": [{"name": "at", "type": avro}]}
    return {"type": "map", "values": {"type": "array", "items": record}}


def told(root: Path, published: dict[str, Any], **schemas: dict[str, Any]) -> tuple[list[str], list[str]]:
    """What is refused and warned of, without the folder's name, where some of the schemas are published."""
    planned = load(folder(root, **schemas))
    there = {f"schemas/ping/{name.replace('_', '/')}.avsc": json.dumps(schema) for name, schema in published.items()}
    findings = check_folder(planned, {key: text.encode() for key, text in there.items()})
    sentences = [
        [line.replace(f"{root}/ping/", "") for line in lines] for lines in (findings.refused, findings.warnings)
    ]
    return sentences[0], sentences[1]


@pytest.mark.parametrize(
    ("raw", "processed", "rule"),
    [
        (
            optional(MILLIS),
            optional(MICROS),
            "field at: is timestamp-micros and is read from timestamp-millis in raw.v1",
        ),
        (optional("long"), optional(MICROS), "field at: is timestamp-micros and is read from long without a logical"),
        (optional(MILLIS), optional("long"), "field at: is long without a logical type and is read from timestamp-m"),
        (optional("bytes"), optional(MONEY), "field at: is decimal(4,2) and is read from bytes without a logical type"),
        (optional(MONEY), optional({**MONEY, "scale": 1}), "field at: is decimal(4,1) and is read from decimal(4,2)"),
        (
            optional(inside(MILLIS)),
            optional(inside(MICROS)),
            "field at{}[].at: is timestamp-micros and is read from timestamp-millis in raw.v1",
        ),
        (
            optional(MILLIS, "sent"),
            optional(MICROS, aliases=["sent"]),
            "field at: is timestamp-micros and is read from timestamp-millis in raw.v1, field sent",
        ),
    ],
)
def test_values_that_would_mean_something_else_when_processed_are_refused(
    tmp_path: Path, raw: dict[str, Any], processed: dict[str, Any], rule: str
) -> None:
    refused, _ = told(tmp_path, {}, raw_v1=document(raw), processed_v1=document(processed))
    assert any(line.startswith(f"processed.v1.avsc: {rule}") for line in refused), refused


def test_the_time_of_an_event_is_converted_and_a_uuid_is_text(tmp_path: Path) -> None:
    raw = json.loads(
        json.dumps(document(optional({"type": "string", "logicalType": "uuid"}))).replace("micros", "millis")
    )
    assert told(tmp_path, {}, raw_v1=raw, processed_v1=document(optional("string"))) == ([], [])


def test_a_meaning_is_compared_with_that_of_every_version_before_and_through_aliases(tmp_path: Path) -> None:
    first, third = document(optional(MILLIS)), document(optional(MICROS))
    second = document(optional("string", "other"))
    refused, _ = told(tmp_path, {}, raw_v1=first, raw_v2=second, raw_v3=third, processed_v1=document())
    assert [line for line in refused if "without" not in line] == [
        "raw.v3.avsc: field at: was timestamp-millis in raw.v1 and is timestamp-micros, so that values written then "
        "would mean something else; add a field of another name for the new meaning"
    ]


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ([optional("int", "ID"), optional("int", "Id")], "field Id: differs from ID in case only"),
        (
            [optional({"type": "record", "name": "In", "fields": [SCORE, {**SCORE, "name": "Score"}]})],
            "field at.Score: differs from score in case only",
        ),
        *(
            ([optional("int", name)], f"field {name}: is a column of the partition's")
            for name in ("event", "date", "hour", "bucket", "Date")
        ),
    ],
)
def test_names_that_cannot_be_columns_are_refused_when_processed(
    tmp_path: Path, fields: list[dict[str, Any]], rule: str
) -> None:
    refused, _ = told(tmp_path, {}, raw_v1=document(*fields), processed_v1=document(*fields))
    (line,) = refused
    assert line.startswith(f"processed.v1.avsc: {rule}")


def test_columns_that_cannot_be_read_beside_those_of_an_older_version_are_refused(tmp_path: Path) -> None:
    refused, _ = told(
        tmp_path, {}, raw_v1=document(), processed_v1=document(optional("bytes"), SCORE),
        processed_v2=document(optional("string"), {**SCORE, "name": "Score"}),
    )  # fmt: skip
    assert refused == [
        "processed.v2.avsc: field at: was a column of bytes and is one of string, which no query reads together; "
        "add a field for it (beside processed.v1)",
        "processed.v2.avsc: field Score: was score, which queries take for the same column: keep its case "
        "(beside processed.v1)",
    ]


def test_older_processed_schemas_are_read_as_the_newest_whatever_the_level_is(tmp_path: Path) -> None:
    (folder(tmp_path, raw_v1=document(), processed_v1=document(SCORE)) / "ping" / "compatibility.json").write_text(
        '{"level": "NONE"}'
    )
    newer = tmp_path / "ping" / "processed.v2.avsc"
    newer.write_text(json.dumps(document({**SCORE, "type": ["null", "string"]})))
    (problem,) = check_folder(load(tmp_path)).refused
    assert "field score: int is no longer among [null, string] (reading " in problem


UNITS = {"raw_v1": document(optional(MILLIS)), "processed_v1": document(optional(MICROS))}


def test_what_concerns_published_versions_only_is_a_warning_with_the_way_out(tmp_path: Path) -> None:
    refused, (warning,) = told(tmp_path, UNITS, **UNITS)
    assert refused == []
    assert warning.startswith(
        "processed.v1.avsc: field at: is timestamp-micros and is read from timestamp-millis in raw"
    )
    assert warning.endswith("make both the same, in a field of another name where one of the two is published")


def test_what_concerns_a_new_version_is_refused_beside_published_ones(tmp_path: Path) -> None:
    refused, warnings = told(tmp_path, UNITS, **UNITS, raw_v2=UNITS["raw_v1"])
    assert (len(refused), len(warnings)) == (1, 1)
    assert "read from timestamp-millis in raw.v2" in refused[0]


def test_what_a_published_version_did_is_no_longer_told_where_a_newer_one_mended_it(tmp_path: Path) -> None:
    mended = document(optional(MILLIS, "at_ms", aliases=["at"]))
    schemas = {**UNITS, "raw_v2": mended, "processed_v2": document(optional(MILLIS, "at_ms"))}
    refused, warnings = told(tmp_path, UNITS, **schemas)
    assert (refused, warnings) == ([], [])


def test_the_level_is_the_folders_and_full_transitive_where_it_says_nothing(tmp_path: Path) -> None:
    root = folder(tmp_path, raw_v1=document(NEEDED), raw_v2=document(), processed_v1=document())
    (event,) = load(root).events
    assert level_of(event) is Level.FULL_TRANSITIVE
    assert "FORWARD" in check_folder(load(root)).refused[0]
    (root / "ping" / "compatibility.json").write_text('{"level": "BACKWARD"}')
    assert check_folder(load(root)) == Findings()
    (root / "ping" / "compatibility.json").write_text('{"level": "SIDEWAYS"}')
    with pytest.raises(ConfigurationError, match="FULL_TRANSITIVE"):
        check_folder(load(root))


def test_an_id_of_a_version_that_is_not_there_is_refused(tmp_path: Path) -> None:
    root = folder(tmp_path, raw_v1=document(), processed_v1=document())
    (root / "ping" / "ids.json").write_text('{"17": 2}')
    assert "id 17" in check_folder(load(root)).refused[0]


def test_the_difference_of_two_versions_is_told_field_by_field() -> None:
    older = read(json.dumps(document(NEEDED)).encode())
    newer = read(json.dumps(document({**NEEDED, "name": "label2"}, SCORE)).replace('"label2"', '"other"').encode())
    assert list(differences(older, newer)) == [
        '- needed: "int"',
        '+ other: "int"',
        '+ score: ["null","int"] = null',
    ]


def test_the_schemas_of_the_project_can_be_published(root: Path) -> None:
    assert check_folder(load(root / "schemas")) == Findings()
