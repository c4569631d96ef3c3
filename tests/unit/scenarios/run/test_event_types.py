"""Which event types drills are held on."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import time_ns

import pytest

from wavetank.emulator.errors import NoProject
from wavetank.emulator.stack.home import PROJECT_VARIABLE, project_root
from wavetank.pipeline import topology
from wavetank.pipeline.trial import trial
from wavetank.scenarios.client.producer import routes
from wavetank.scenarios.client.wire import encode_event
from wavetank.scenarios.drills.catalogue import CONTROL, catalogue
from wavetank.scenarios.run.event_types import (
    AD_STREAM,
    OF_PROJECT,
    Share,
    ad_stream_schemas,
    bounds_of,
    fits,
    has_ad_stream,
    join_keys,
    on_project,
    shares,
    stream,
)
from wavetank.scenarios.spec.drill import Tag
from wavetank.scenarios.spec.nemeses.producer import CorruptCopies
from wavetank.scenarios.starter.project import write
from wavetank.scenarios.workload.generated.events import NothingGoesOnError
from wavetank.scenarios.workload.source import draw

START = datetime(2026, 1, 5, 22, tzinfo=UTC)
DRILLS = tuple(catalogue().values())
BASICS = {drill.name for drill in DRILLS if Tag.BASICS in drill.tags} | {CONTROL}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(PROJECT_VARIABLE, str(tmp_path / "mine"))
    return write(tmp_path / "mine").folder


def names(share: Share) -> set[str]:
    return {drill.name for drill in share.drills}


def test_this_repository_has_every_drill_held_on_its_own_schemas_as_they_are() -> None:
    assert shares(DRILLS) == [Share(project_root() / "schemas", DRILLS)]


def test_outside_of_a_project_every_drill_is_held_on_what_wavetank_brings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PROJECT_VARIABLE)
    monkeypatch.chdir(tmp_path)
    assert shares(DRILLS) == [Share(AD_STREAM, DRILLS)]
    assert ad_stream_schemas() == AD_STREAM


def test_a_project_that_is_named_and_none_is_no_reason_to_drill_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PROJECT_VARIABLE, str(tmp_path))
    with pytest.raises(NoProject):
        shares(DRILLS)


def test_the_basics_are_held_on_the_projects_own_but_for_those_that_name_a_type(project: Path) -> None:
    own, rest = shares(DRILLS)
    assert (own.schemas, own.of_project, rest.schemas) == (project / "schemas", True, AD_STREAM)
    assert names(own) == BASICS - {"poison-batch"}
    assert names(own) | names(rest) == {drill.name for drill in DRILLS}
    assert all(drill.workload.schemas == OF_PROJECT for drill in own.drills)
    assert [drill for drill in rest.drills if drill != catalogue()[drill.name]] == []
    assert "this project's event types (visit)" in own.told
    assert "(click, conversion, impression)" in rest.told


def test_what_breaks_something_that_the_project_has_not_is_held_elsewhere(project: Path) -> None:
    (project / "schemas" / "visit" / "enrichment.json").unlink()
    for path in (project / "schemas" / "visit").glob("*.avsc"):
        schema = json.loads(path.read_text())
        schema["fields"] = [field for field in schema["fields"] if field["name"] != "attributes"]
        path.write_text(json.dumps(schema))
    own, _rest = shares(DRILLS)
    assert names(own) == BASICS - {"poison-batch", "enrichment-outage", "corrupt-record"}


def test_the_number_of_events_that_was_asked_for_is_kept(project: Path) -> None:
    usual = catalogue()["duplicates"]
    asked = replace(usual, workload=replace(usual.workload, events=7))
    ([own], [drawn]) = shares([asked]), shares([usual])
    assert own.drills[0].workload.events == 7
    assert drawn.drills[0].workload.events >= 240


def test_the_ad_stream_counts_only_with_every_schema_as_it_is(tmp_path: Path) -> None:
    shutil.copytree(AD_STREAM, tmp_path / "schemas")
    assert has_ad_stream(tmp_path / "schemas")
    path = tmp_path / "schemas" / "click" / "raw.v1.avsc"
    path.write_text(path.read_text().replace("position", "place"))
    assert not has_ad_stream(tmp_path / "schemas")
    assert not has_ad_stream(tmp_path)


def test_events_of_the_project_join_its_reference_data_and_sometimes_do_not(project: Path) -> None:
    planned = topology.load(project / "schemas")
    definitions = {name: route.schema.definition for name, route in routes(planned).items()}
    [share] = shares([catalogue()["duplicates"]])
    events = draw(share.drills[0].workload, 3, definitions, bounds=bounds_of(planned)).events
    field, keys = join_keys(planned)["visit"]
    joined = {event.record[field] for event in events}
    assert set(keys) < joined
    assert {event.event_type for event in events} == {"visit"}


def test_events_join_reference_data_in_whichever_file_they_are(project: Path) -> None:
    folder = project / "schemas" / "reference"
    _, expected = join_keys(topology.load(project / "schemas"))["visit"]
    text = 'key = ["page"]\ncolumns = { page = "string", section = "string" }\n'
    (folder / "pages.json").unlink()
    (folder / "pages.csv").write_text("page,section\n" + "".join(f"{page},any\n" for page in expected))
    (folder / "pages.toml").write_text(f'{text}file = {{ path = "pages.csv" }}\n')
    field, keys = join_keys(topology.load(project / "schemas"))["visit"]
    assert (field, set(keys)) == ("page", set(expected))
    (folder / "pages.toml").write_text(f'{text}database = {{ name = "site", secret = "s", table = "pages" }}\n')
    assert join_keys(topology.load(project / "schemas")) == {"visit": ("page", ())}


def test_made_up_events_are_of_the_types_that_are_planned(project: Path) -> None:
    for folder, types in ((project / "schemas", {"visit"}), (AD_STREAM, {"impression", "click", "conversion"})):
        planned = topology.load(folder)
        events = list(stream(planned, 200, 7, START, 2.0))
        assert {event.event_type for event in events} == types
        again = list(stream(planned, 200, 7, START, 2.0))
        assert [str(event.record) for event in again] == [str(event.record) for event in events]


RULES = """
[[rules]]
field = "page"
required = true
pattern = '/(docs|blog)(/[a-z]{1,3}[0-9]+)*'

[[rules]]
field = "visitor"
allowed = ["ann", "bob"]

[[rules]]
field = "load_ms"
minimum = 1
maximum = 9
"""
ENRICH = """
from wavetank.pipeline.enrichment import Drop

def enrich(event, reference):
    if event["visitor"] == "bob":
        return Drop("a robot")
    return event | {"attributes": {"half": str(10 // (event["load_ms"] or 0))}}
"""


def test_events_of_the_project_keep_the_rules_of_their_types_and_own_code_lets_them_go_on(
    project: Path, tmp_path: Path
) -> None:
    (project / "schemas" / "visit" / "component.toml").write_text(RULES)
    (project / "schemas" / "visit" / "enrich.py").write_text(ENRICH)
    planned = topology.load(project / "schemas")
    events = list(stream(planned, 60, 3, START, 2.0))
    assert len({event.record["page"] for event in events}) > 10
    schema = routes(planned)["visit"].schema
    with trial(planned, "visit", tmp_path / "packages") as tried:
        arrived_us = time_ns() // 1_000
        outcomes = {str(tried.result(encode_event(schema, event.record), arrived_us).outcome) for event in events}
    assert outcomes == {"processed"}


def test_an_event_type_of_which_no_generated_event_goes_on_is_named(project: Path) -> None:
    (project / "schemas" / "visit" / "enrich.py").write_text("def enrich(event, reference):\n    return None\n")
    with pytest.raises(NothingGoesOnError, match="of visit none goes on by its own code and rules"):
        list(stream(topology.load(project / "schemas"), 1, 3, START, 2.0))


def test_a_drill_fits_by_what_it_says_and_not_by_a_list() -> None:
    planned = topology.load(AD_STREAM)
    basic = catalogue()["dropped-notifications"]
    assert fits(basic, planned)
    assert not fits(replace(basic, alarms=("wavetank-click-processor-behind",)), planned)
    assert not fits(replace(basic, tags=(Tag.NOTIFICATIONS,)), planned)


@pytest.mark.parametrize("types", [1, 2, 3, 15])
def test_each_portion_has_events_for_every_flaw_and_there_are_chunks_for_faults_that_strike_some(types: int) -> None:
    workload = on_project(catalogue()["corrupt-record"], types).workload
    [nemesis] = [one for one in catalogue()["corrupt-record"].nemeses if one.id == "spoilt-copies"]
    assert isinstance(nemesis, CorruptCopies)
    a_portion = workload.events / workload.portions / types
    assert a_portion * nemesis.share >= 1.4 * len(nemesis.damages)
    assert workload.portions * types >= 6
