"""A reference is configured in a file of its own; what is wrong is told with the file, the key and the rule."""

from pathlib import Path

import pytest

from wavetank.pipeline.components.references import databases_of, read_references
from wavetank.pipeline.errors import ConfigurationError

DATABASE = """
key = ["campaign"]
[database]
name = "ads"
secret = "wavetank/ads"
table = "campaigns"
[columns]
campaign = "string"
budget = "decimal(12, 2)"
"""


def folder_with(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def test_the_references_of_one_database_are_read_by_one_function(tmp_path: Path) -> None:
    other = DATABASE.replace('"campaigns"', '"advertisers"')
    references = read_references(folder_with(tmp_path, campaigns__toml=DATABASE, advertisers__toml=other))
    assert [reference.name for reference in references] == ["advertisers", "campaigns"]
    [database] = databases_of(references)
    assert (database.name, database.secret, database.references) == ("ads", "wavetank/ads", references)


def test_a_json_file_alone_is_a_reference(tmp_path: Path) -> None:
    [reference] = read_references(folder_with(tmp_path, campaigns__json='{"rows": {}}'))
    assert (reference.name, reference.file, reference.database) == ("campaigns", tmp_path / "campaigns.json", None)


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ('table = "campaigns"', "", "from a table or by a query"),
        ('table = "campaigns"', 'table = "campaigns; drop table x"', "pattern"),
        ('key = ["campaign"]', 'key = ["other"]', "none of the columns"),
        ('key = ["campaign"]', 'key = ["budget"]', "a key has string"),
        ('"decimal(12, 2)"', '"decimal"', "has digits"),
        ('"decimal(12, 2)"', '"money"', "no type of a column"),
        ('key = ["campaign"]', 'key = ["campaign"]\nevery = "2 parsecs"', "a time is a number of"),
        ('key = ["campaign"]', 'key = ["campaign"]\nevery = "90 seconds"', "whole minutes"),
        ('key = ["campaign"]', 'key = ["campaign"]\nevery = "10 minutes"', "two times every"),
        ('key = ["campaign"]', 'keys = ["campaign"]', "did you mean key"),
        ("[database]", "[file]\npath = 'a.csv'\n[database]", "give one of the two"),
    ],
)
def test_what_is_wrong_is_told_with_the_file_and_the_rule(tmp_path: Path, before: str, after: str, rule: str) -> None:
    folder_with(tmp_path, campaigns__toml=DATABASE.replace(before, after))
    with pytest.raises(ConfigurationError) as refused:
        read_references(tmp_path)
    assert rule in str(refused.value)
    assert all(line.startswith(str(tmp_path / "campaigns.toml")) for line in str(refused.value).splitlines())


def test_one_database_has_one_secret(tmp_path: Path) -> None:
    folder_with(tmp_path, a__toml=DATABASE, b__toml=DATABASE.replace("wavetank/ads", "wavetank/other"))
    with pytest.raises(ConfigurationError, match="two secrets"):
        databases_of(read_references(tmp_path))
