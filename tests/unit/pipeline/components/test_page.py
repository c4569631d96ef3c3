"""The page of components names every key, with its default and its bounds."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.pipeline.components.settings import leaves
from wavetank.pipeline.components.json_schemas import schema_of
from wavetank.pipeline.components.model import Component

ROW = re.compile(r"^\| `(?P<key>[a-z_.]+)` \| (?P<default>[^|]*) \| (?P<bounds>[^|]*) \|", re.M)
DEFAULTS = {key: value for key, value in leaves(Component().model_dump(mode="json")) if key != "rules"}
"""Rules have a page of their own."""


@pytest.fixture
def rows(root: Path) -> dict[str, tuple[str, str]]:
    """Key → its default and its bounds, as the page has them."""
    page = (root / "docs" / "components.md").read_text()
    table = page.partition("## Keys")[2].partition("\n## ")[0]
    return {row["key"]: (row["default"], row["bounds"]) for row in ROW.finditer(table)}


def test_every_key_has_a_row_and_every_row_a_key(rows: dict[str, tuple[str, str]]) -> None:
    assert rows.keys() == DEFAULTS.keys()


@pytest.mark.parametrize("key", [key for key, value in DEFAULTS.items() if value not in (None, [], {})])
def test_the_page_has_the_default_of_a_key(rows: dict[str, tuple[str, str]], key: str) -> None:
    assert rows[key][0].strip("`") == str(DEFAULTS[key])


def bounds(key: str) -> list[int]:
    """The least and the most of a number, by the schema."""
    schema: dict[str, Any] = schema_of(Component)
    node = schema
    for name in key.split("."):
        node = node["properties"][name]
        node = schema["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
    return node.get("enum") or [node[name] for name in ("minimum", "maximum") if name in node]


@pytest.mark.parametrize("key", [key for key, value in DEFAULTS.items() if isinstance(value, int)])
def test_the_page_has_the_bounds_of_a_number(rows: dict[str, tuple[str, str]], key: str) -> None:
    numbers = [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", rows[key][1])]
    assert numbers == bounds(key)
