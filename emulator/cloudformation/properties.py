"""Properties that nothing would be done about: they are named, so that no template says what its resource is not."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import localstack.services

from wavetank.emulator.cloudformation import resources
from wavetank.emulator.cloudformation.resource import Schema


def unsupported(provider: Any, properties: Mapping[str, Any]) -> list[str]:
    """A sentence for each property that the type does not have, that is not emulated, or that is missing.

    Nested ones are paths.
    """
    emulated = getattr(provider, "emulated", None)
    if emulated is None:
        published = provider.SCHEMA
        return [f"Encountered unsupported property {path}" for path in _unknown(published, published, properties)]
    schema: Schema = emulated.schema
    published = schema.published or _published(schema.type)
    required = published.get("required", ())
    sentences = [f"#: required key [{name}] not found" for name in required if name not in properties]
    for name, value in properties.items():
        if name in schema.refused:
            sentences.append(f"Property {name} of {schema.type} is not emulated")
        elif name not in schema.supported:
            sentences.append(f"Encountered unsupported property {name}")
        else:
            nested = _unknown(published, published.get("properties", {}).get(name, {}), value)
            newer = schema.newer.get(name, frozenset())
            sentences += [f"Encountered unsupported property {name}/{path}" for path in nested if path not in newer]
    return sentences


def is_mutable(resource_type: str) -> bool:
    """Whether resources of a type can be updated: its provisioning type is FULLY_MUTABLE (API reference, DescribeType).

    A type of which no schema is there is none.
    """
    emulated = resources.find(resource_type)
    if emulated is not None and emulated.schema.published is not None:
        return bool(emulated.schema.mutable)
    published = _published(resource_type)
    create_only = {path.removeprefix("/properties/") for path in published.get("createOnlyProperties", ())}
    read_only = {path.removeprefix("/properties/") for path in published.get("readOnlyProperties", ())}
    if "handlers" in published:
        return "update" in published["handlers"]
    return bool(published.get("properties", {}).keys() - create_only - read_only)


def _unknown(document: Mapping[str, Any], schema: Mapping[str, Any], value: Any) -> Iterator[str]:
    """The paths in `value` that a JSON schema without alternatives does not allow."""
    if "$ref" in schema:
        schema = document.get("definitions", {}).get(schema["$ref"].rsplit("/", 1)[-1], {})
    if isinstance(value, list):
        for entry in value:
            yield from _unknown(document, schema.get("items", {}), entry)
    elif isinstance(value, dict) and schema.get("additionalProperties") is False and "properties" in schema:
        for name, part in value.items():
            inner = schema["properties"].get(name)
            if inner is not None:
                yield from (f"{name}/{path}" for path in _unknown(document, inner, part))
            elif not any(re.search(pattern, name) for pattern in schema.get("patternProperties", ())):
                yield name


@cache
def _published(resource_type: str) -> Mapping[str, Any]:
    """AWS's schema of a type, as LocalStack carries it; empty where it carries none."""
    path = _schema_files().get(f"{resource_type.lower().replace('::', '_')}.schema.json")
    schema: Mapping[str, Any] = json.loads(path.read_text()) if path else {}
    return schema


@cache
def _schema_files() -> Mapping[str, Path]:
    folders = (folder for root in localstack.services.__path__ for folder in Path(root).glob("*/resource_providers"))
    return {path.name: path for folder in folders for path in folder.rglob("*.schema.json")}
