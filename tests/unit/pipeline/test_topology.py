"""An event type is a folder; a folder that breaks a rule is named with the rule."""

import json
from pathlib import Path

import pytest

from tests.unit.pipeline.examples import document
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.names import NAMES
from wavetank.pipeline.topology import load


def add_event(schemas: Path, name: str) -> Path:
    folder = schemas / name
    folder.mkdir(parents=True)
    for role in ("raw", "processed"):
        (folder / f"{role}.v1.avsc").write_text(json.dumps(document()))
    return folder


def test_adding_a_folder_is_all_an_event_type_needs(tmp_path: Path) -> None:
    add_event(tmp_path, "ping")
    event = load(tmp_path).event("ping")
    assert event.raw_stream == "wavetank-ping-raw"
    assert {file.key for file in event.schemas} == {"schemas/ping/raw/v1.avsc", "schemas/ping/processed/v1.avsc"}
    assert event.enrichment is None


@pytest.mark.parametrize("name", ["ping", "raw", "a-raw", "wavetank"])
def test_a_raw_stream_tells_its_event_type(tmp_path: Path, name: str) -> None:
    add_event(tmp_path, name)
    assert NAMES.event_type_of(load(tmp_path).event(name).raw_stream) == name


def test_the_project_has_its_three_event_types(root: Path) -> None:
    assert [event.name for event in load(root / "schemas").events] == ["click", "conversion", "impression"]


def test_an_unknown_event_type_is_answered_with_those_there_are(root: Path) -> None:
    with pytest.raises(ConfigurationError, match="click, conversion, impression"):
        load(root / "schemas").event("purchase")


def test_a_name_that_streams_cannot_have_is_refused(tmp_path: Path) -> None:
    add_event(tmp_path, "Ping_Pong")
    with pytest.raises(ConfigurationError, match="Ping_Pong"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["dashboards", "dashboards-2"])
def test_an_event_type_called_as_a_stack_of_dashboards_is_refused(tmp_path: Path, name: str) -> None:
    add_event(tmp_path, name)
    with pytest.raises(ConfigurationError, match=f"{name}: no event type or stage can be called so"):
        load(tmp_path)


def test_a_stage_called_as_the_stack_of_dashboards_is_refused(tmp_path: Path) -> None:
    add_event(tmp_path / "schemas", "ping")
    (tmp_path / "wavetank.toml").write_text("[stages.dashboards]\n")
    with pytest.raises(ConfigurationError, match="dashboards: no event type or stage can be called so"):
        load(tmp_path / "schemas")


def test_names_that_differ_in_hyphens_alone_are_refused(tmp_path: Path) -> None:
    add_event(tmp_path, "a-1")
    add_event(tmp_path, "a1")
    with pytest.raises(ConfigurationError, match="a-1 and a1"):
        load(tmp_path)


def test_a_gap_in_the_versions_is_refused(tmp_path: Path) -> None:
    folder = add_event(tmp_path, "ping")
    (folder / "raw.v3.avsc").write_text(json.dumps(document()))
    with pytest.raises(ConfigurationError, match="without a gap, found v1, v3"):
        load(tmp_path)


def test_a_schema_file_with_another_name_is_refused(tmp_path: Path) -> None:
    (add_event(tmp_path, "ping") / "raw-final.avsc").write_text("{}")
    with pytest.raises(ConfigurationError, match=r"raw-final\.avsc"):
        load(tmp_path)


def test_a_folder_without_event_types_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no event type"):
        load(tmp_path)
