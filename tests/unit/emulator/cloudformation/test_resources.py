"""The resource types that are emulated, and their properties, are those of AWS, and all that the template uses."""

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from runpy import run_path
from typing import Any

import localstack.services
import pytest

from wavetank.emulator.cloudformation import resources
from wavetank.emulator.cloudformation.resource import Context, Schema
from wavetank.pipeline import topology
from wavetank.pipeline.template.render import whole

TYPES = list(resources.TYPES)
MADE_UP = {"Id"}
"""LocalStack's own identifier of a resource that has none in AWS's schema."""


def schema(kind: str) -> Schema:
    emulated = resources.find(kind)
    assert emulated is not None
    return emulated.schema


def listed(kind: str) -> frozenset[str]:
    """Every property that is emulated, refused by name or set by the service."""
    ours = schema(kind)
    return ours.supported | ours.refused | ours.read_only


def carried(kind: str) -> Mapping[str, Any]:
    """AWS's schema as LocalStack carries it, which may be an older one; today's where it carries none."""
    file = f"{kind.lower().replace('::', '_')}.schema.json"
    paths = [path for folder in localstack.services.__path__ for path in Path(folder).rglob(file)]
    return dict(json.loads(paths[0].read_text())) if paths else current(kind)


def current(kind: str) -> Mapping[str, Any]:
    """AWS's schema as cfn-lint has it, which is a newer one; read without importing all of cfn-lint."""
    spec = find_spec("cfnlint")
    if spec is None or spec.origin is None:
        pytest.skip("needs cfn-lint, which has AWS's schemas")
    schemas = Path(spec.origin).parent / "data" / "schemas"
    names = run_path(str(schemas / "providers" / "us_east_1.py"))["types"]
    return dict(json.loads((schemas / "resources" / f"{names[kind]}.json").read_text()))


def test_every_type_of_the_template_is_emulated(root: Path) -> None:
    rendered = whole(topology.load(root / "schemas"))["Resources"].values()
    assert {resource["Type"] for resource in rendered} <= resources.TYPES.keys()


@pytest.mark.parametrize("kind", TYPES)
def test_each_type_is_the_one_it_is_found_by(kind: str) -> None:
    assert schema(kind).type == kind


@pytest.mark.parametrize("kind", TYPES)
def test_no_property_of_aws_is_forgotten(kind: str) -> None:
    assert set(carried(kind)["properties"]) - MADE_UP <= listed(kind)


@pytest.mark.parametrize("kind", TYPES)
def test_no_property_of_aws_today_is_forgotten(kind: str) -> None:
    assert set(current(kind)["properties"]) <= listed(kind)


@pytest.mark.parametrize("kind", [kind for kind in TYPES if schema(kind).published is not None])
def test_a_schema_of_our_own_names_what_that_of_aws_names(kind: str) -> None:
    ours, published = schema(kind).published, current(kind)
    assert ours is not None
    assert ours["required"] == published["required"]
    for name, definition in ours.get("definitions", {}).items():
        assert definition["properties"].keys() == published["definitions"][name]["properties"].keys()


@pytest.mark.parametrize("kind", TYPES)
def test_properties_that_replace_a_resource_are_those_of_aws(kind: str) -> None:
    published = carried(kind)
    paths = (path.removeprefix("/properties/") for path in published.get("createOnlyProperties", ()))
    assert {path for path in paths if "/" not in path} - schema(kind).refused == schema(kind).create_only


@pytest.mark.parametrize("kind", TYPES)
def test_a_generated_name_is_no_longer_than_the_service_allows(kind: str) -> None:
    longest = schema(kind).longest_name
    context = Context(None, "a-stack-with-quite-a-long-name" * 4, "ALogicalIdThatIsLongToo" * 10, "0" * 12, "us-east-1")
    made = context.generated_name(longest)
    assert len(made) <= longest
    assert made.startswith("a-stack-with")
    assert "-ALogicalId" in made
    assert made != context.generated_name(longest)
