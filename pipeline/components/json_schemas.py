"""JSON Schemas of `component.toml` and `wavetank.toml`, by which editors complete and check them.

They are files of this package, made from the models; `wavetank components --json-schema component` prints what belongs
in the file. Where a file of the project allows the settings of a component, its schema has those of the component, of
which none has to be there.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from wavetank.pipeline.components.model import Component, ProjectFile, Settings

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMAS: Mapping[str, type[Settings]] = {"component": Component, "project": ProjectFile}
"""By the names of the schemas: what their files hold."""


def schema_of(model: type[Settings]) -> dict[str, Any]:
    """The JSON Schema of the files that hold a model."""
    schema = model.model_json_schema()
    if model is ProjectFile:
        component = Component.model_json_schema()
        definitions = component.pop("$defs", {})
        schema["$defs"] = {**schema.get("$defs", {}), **definitions, "Component": component}
        settings = {"$ref": "#/$defs/Component"}
        schema["properties"]["defaults"] = {**settings, "description": "What is set for all event types."}
        stage = schema["$defs"]["Stage"]["properties"]
        stage["overrides"] = {**settings, "description": "What is set for all event types in this stage."}
        stage["components"]["additionalProperties"] = settings
    return {"$schema": DIALECT, **schema}


def text_of(model: type[Settings]) -> str:
    """The text of the schema's file."""
    return json.dumps(schema_of(model), indent=2) + "\n"


def shipped(name: str) -> str:
    """The text of a schema in this package."""
    return files(__package__).joinpath(f"{name}.schema.json").read_text("utf-8")
