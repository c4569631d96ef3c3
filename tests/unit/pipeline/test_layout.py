"""The layout of the buckets is spelled in one module, and its keys lead back to what they are made of."""

import ast
from pathlib import Path

import pytest

from wavetank.pipeline import layout
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.layout import Partition

PREFIXES = (
    layout.CHUNKS, layout.PARTS, layout.LATE, layout.AVRO, layout.PARQUET, layout.IDS, layout.QUARANTINE,
    layout.FAILURE_DOCUMENTS, layout.DELIVERY_ERRORS, layout.SCHEMAS, layout.REFERENCE,
)  # fmt: skip
TAGS = tuple(tag["Key"] for tag in (layout.DONE_TAG, layout.MERGED_TAG, layout.SPENT_TAG))
WHERE = Partition("ping", "2019-11-24", 12, 1)
LOG_GROUPS = ("/aws/lambda/", ":log-group:/aws/lambda/")
"""The prefix of all functions' log groups, which is Lambda's as well, by itself and in an ARN."""


def texts(source: str) -> list[str]:
    """The texts in a module that are no docstrings."""
    nodes = list(ast.walk(ast.parse(source)))
    comments = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in comments
    ]


def spelled(text: str) -> bool:
    """Whether a prefix of a bucket or a tag is in a text."""
    is_key = any(f"{prefix}/" in text for prefix in PREFIXES) and not text.endswith(LOG_GROUPS)
    return is_key or any(tag in text for tag in TAGS)


def test_no_other_module_of_the_pipeline_spells_a_prefix_or_a_tag(root: Path) -> None:
    modules = [path for path in (root / "pipeline").rglob("*.py") if path.name != "layout.py"]
    assert {str(path): text for path in modules for text in texts(path.read_text()) if spelled(text)} == {}


@pytest.mark.parametrize("text", ["chunks/ping/", "/quarantine/*", "${Bucket.Arn}/aws/lambda/*", "wavetank-merged"])
def test_a_prefix_or_a_tag_in_a_module_would_be_seen(text: str) -> None:
    assert [spelled(string) for string in texts(f'"""chunks/"""\nkey = {text!r}')] == [True]


@pytest.mark.parametrize(
    "key", [layout.part_key(WHERE, "chunks/ping/x"), layout.avro_key(WHERE), layout.ids_key(WHERE)]
)
def test_a_key_leads_back_to_its_partition_and_keeps_it_when_it_is_moved(key: str) -> None:
    assert Partition.of_key(key) == WHERE
    assert Partition.of_key(layout.moved_key(key, layout.LATE)) == WHERE


def test_a_chunk_tells_its_event_type_and_another_key_is_refused() -> None:
    assert layout.event_type_of_chunk(f"{layout.chunk_prefix('ping')}2019/11/24/12/x") == "ping"
    for key in ("parts/ping/x", "chunks/ping", "chunks/ping/"):
        with pytest.raises(ConfigurationError, match="is no chunk"):
            layout.event_type_of_chunk(key)


def test_the_key_of_a_schema_is_read_as_it_is_written() -> None:
    match = layout.SCHEMA_KEY.fullmatch(layout.schema_key("ping", "raw", 12))
    assert match is not None
    assert match.groups() == ("ping", "raw", "12")


def test_a_folder_that_is_no_partition_is_named() -> None:
    with pytest.raises(ConfigurationError, match="event=ping"):
        Partition.from_path("event=ping/hour=3")
