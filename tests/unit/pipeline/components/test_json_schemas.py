"""Editors complete the files by schemas that say what the models say."""

import tomllib
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.unit.pipeline.components.settings import EVERY_SETTING
from wavetank.pipeline.components.json_schemas import SCHEMAS, schema_of, shipped, text_of
from wavetank.pipeline.components.model import Component, ProjectFile, Settings

PROJECT = """
name = "shop"
[defaults.stream]
shards = 4
[stages.staging]
account = "123456789012"
[stages.staging.overrides.stream]
shards = 1
[stages.staging.components.purchase]
hash_buckets = 1
"""


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schema_in_the_package_is_what_the_model_makes(name: str) -> None:
    assert shipped(name) == text_of(SCHEMAS[name]), f"wavetank components --json-schema {name} prints what it should be"


def problems(model: type[Settings], text: str) -> list[str]:
    schema: dict[str, Any] = schema_of(model)
    Draft202012Validator.check_schema(schema)
    return [error.message for error in Draft202012Validator(schema).iter_errors(tomllib.loads(text))]


@pytest.mark.parametrize(("model", "text"), [(Component, EVERY_SETTING), (Component, ""), (ProjectFile, PROJECT)])
def test_files_that_hold_are_valid(model: type[Settings], text: str) -> None:
    assert problems(model, text) == []
    model.model_validate(tomllib.loads(text))


@pytest.mark.parametrize(
    ("model", "text"),
    [
        (Component, "[stream]\nshard = 3"),
        (Component, "[stream]\nshards = 0"),
        (Component, '[stream]\nmode = "elastic"'),
        (ProjectFile, "[defaults.stream]\nshard = 3"),
        (ProjectFile, "[stages.staging.overrides]\nshards = 3"),
        (ProjectFile, "[stages.staging.components.click]\nshards = 3"),
    ],
)
def test_files_that_do_not_are_not(model: type[Settings], text: str) -> None:
    assert problems(model, text)
