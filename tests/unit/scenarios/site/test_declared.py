"""The oracle reads the files of a project by itself, and understands them as the pipeline does."""

from pathlib import Path

import pytest

from wavetank.pipeline.components.read import read_component, read_project
from wavetank.scenarios.oracle.at_rest import Declared
from wavetank.scenarios.site.declared import declared, shortest_reach

PROJECT = """
[defaults]
hash_buckets = 3
partition_key = "campaign"
[stages.staging.overrides]
look_back_hours = 6
hash_buckets = 1
[stages.staging.components.click]
look_back_hours = 5
"""


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    folder = tmp_path / "schemas"
    for name, text in (("click", "look_back_hours = 24"), ("impression", 'partition_key = "event_id"')):
        (folder / name).mkdir(parents=True)
        (folder / name / "component.toml").write_text(text)
    (tmp_path / "wavetank.toml").write_text(PROJECT)
    return folder


def test_what_no_file_says_is_as_promised(tmp_path: Path) -> None:
    assert declared(tmp_path / "schemas", ["click"]) == {"click": Declared()}


@pytest.mark.parametrize("stage", [None, "staging"])
@pytest.mark.parametrize("name", ["click", "impression"])
def test_files_go_before_each_other_as_they_do_for_the_pipeline(schemas: Path, name: str, stage: str | None) -> None:
    component = read_component(schemas / name, read_project(schemas.parent), stage).component
    expected = Declared(component.hash_buckets, component.look_back_hours, component.partition_key)
    assert declared(schemas, [name], stage) == {name: expected}
    assert expected != Declared()


def test_the_shortest_reach_counts_where_event_types_differ(schemas: Path) -> None:
    assert shortest_reach(declared(schemas, ["click", "impression"])) == 12
    assert shortest_reach(declared(schemas, ["click", "impression"], "staging")) == 5
    assert shortest_reach({}) == 12
