"""A schema folder that breaks a rule is not published; the sentence names the file, the field and the rule."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.pipeline.examples import document
from wavetank.pipeline.avro.resolution import Level
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.schemas.checks import check_event, check_folder, differences, level_of, read
from wavetank.pipeline.topology import load

SCORE = {"name": "score", "type": ["null", "int"], "default": None}
NEEDED = {"name": "needed", "type": "int"}
NODE = {"type": "record", "name": "Node", "fields": [{"name": "next", "type": ["null", "Node"]}]}


def folder(root: Path, **schemas: dict[str, Any]) -> Path:
    """`schemas/ping` with the schemas given, by names like raw_v1."""
    (root / "ping").mkdir()
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
        ({"raw_v2": json.loads(json.dumps(document()).replace("micros", "millis"))}, "was timestamp-micros and is"),
        ({"processed_v1": document({"name": "u", "type": ["int", "string"], "default": 1})}, "Parquet has no column"),
        ({"processed_v1": document({"name": "n", "type": ["null", NODE], "default": None})}, "contains itself"),
        ({"processed_v1": document(NEEDED)}, r"processed\.v1\.avsc: field needed: .*reading .*raw\.v1\.avsc"),
    ],
)
def test_a_folder_is_refused_with_the_rule_it_breaks(tmp_path: Path, extra: dict[str, Any], rule: str) -> None:
    import re

    schemas = {"raw_v1": document(), "processed_v1": document(), **extra}
    problems = check_folder(load(folder(tmp_path, **schemas)))
    assert any(re.search(rule, problem) for problem in problems), problems


def test_a_compatible_chain_may_be_published(tmp_path: Path) -> None:
    planned = load(folder(tmp_path, raw_v1=document(), raw_v2=document(SCORE), processed_v1=document()))
    assert check_folder(planned) == []


def test_an_overwritten_version_is_refused(tmp_path: Path) -> None:
    (event,) = load(folder(tmp_path, raw_v1=document(), processed_v1=document())).events
    (problem,) = check_event(event, {"schemas/ping/raw/v1.avsc": json.dumps(document(SCORE)).encode()})
    assert "a published version is never changed" in problem


def test_the_level_is_the_folders_and_full_transitive_where_it_says_nothing(tmp_path: Path) -> None:
    root = folder(tmp_path, raw_v1=document(NEEDED), raw_v2=document(), processed_v1=document())
    (event,) = load(root).events
    assert level_of(event) is Level.FULL_TRANSITIVE
    assert "FORWARD" in check_folder(load(root))[0]
    (root / "ping" / "compatibility.json").write_text('{"level": "BACKWARD"}')
    assert check_folder(load(root)) == []
    (root / "ping" / "compatibility.json").write_text('{"level": "SIDEWAYS"}')
    with pytest.raises(ConfigurationError, match="FULL_TRANSITIVE"):
        check_folder(load(root))


def test_an_id_of_a_version_that_is_not_there_is_refused(tmp_path: Path) -> None:
    root = folder(tmp_path, raw_v1=document(), processed_v1=document())
    (root / "ping" / "ids.json").write_text('{"17": 2}')
    assert "id 17" in check_folder(load(root))[0]


def test_the_difference_of_two_versions_is_told_field_by_field() -> None:
    older = read(json.dumps(document(NEEDED)).encode())
    newer = read(json.dumps(document({**NEEDED, "name": "label2"}, SCORE)).replace('"label2"', '"other"').encode())
    assert list(differences(older, newer)) == [
        '- needed: "int"',
        '+ other: "int"',
        '+ score: ["null","int"] = null',
    ]


def test_the_schemas_of_the_project_can_be_published(root: Path) -> None:
    assert check_folder(load(root / "schemas")) == []
