"""The template follows from the topology, hangs together, and allows no more than is used."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.template import render
from pipeline.topology import load
from tests.unit.pipeline.test_topology import add_event

PSEUDO = {"AWS::AccountId", "AWS::Region", "AWS::Partition"}


@pytest.fixture
def template(root: Path) -> dict[str, Any]:
    return render(load(root / "schemas"))


def walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


def test_every_reference_leads_to_a_resource_or_parameter(template: dict[str, Any]) -> None:
    known = set(template["Resources"]) | set(template["Parameters"]) | PSEUDO
    referred = {node["Ref"] for node in walk(template) if "Ref" in node}
    referred |= {node["Fn::GetAtt"][0] for node in walk(template) if "Fn::GetAtt" in node}
    assert referred <= known


def test_no_statement_allows_a_wildcard_action(template: dict[str, Any]) -> None:
    actions = [
        action
        for node in walk(template["Resources"])
        if node.get("Effect") == "Allow"
        for action in ([node["Action"]] if isinstance(node["Action"], str) else node["Action"])
    ]
    assert actions
    assert not [action for action in actions if "*" in action]


def test_only_listing_streams_is_allowed_on_every_resource(template: dict[str, Any]) -> None:
    everywhere = [node["Action"] for node in walk(template) if node.get("Resource") == ["*"]]
    assert all(actions == ["kinesis:ListStreams"] for actions in everywhere)


def test_a_new_folder_brings_streams_function_delivery_and_alarm(tmp_path: Path) -> None:
    add_event(tmp_path, "page-view")
    resources = render(load(tmp_path))["Resources"]
    assert {name for name in resources if name.startswith("PageView")} == {
        "PageViewRawStream",
        "PageViewProcessedStream",
        "PageViewProcessor",
        "PageViewProcessorRole",
        "PageViewSource",
        "PageViewDelivery",
        "PageViewDeliveryRole",
        "PageViewBehindAlarm",
    }


def test_it_is_plain_json(template: dict[str, Any]) -> None:
    assert json.loads(json.dumps(template)) == template
