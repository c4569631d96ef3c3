"""A new project: whole, sound, and never over what is there."""

import json
import re
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]
from typer.main import get_command

from wavetank.emulator.errors import CallerError
from wavetank.pipeline import topology
from wavetank.pipeline.schemas.checks import Findings, check_folder
from wavetank.scenarios.cli import app
from wavetank.scenarios.client.producer import routes
from wavetank.scenarios.client.wire import encode_frame
from wavetank.scenarios.starter.project import name_of, templates, write
from wavetank.scenarios.workload.mapper import Mapper
from wavetank.scenarios.workload.mapping_file import load
from wavetank.scenarios.workload.ndjson import LineReader
from wavetank.scenarios.workload.synthetic import WorkloadEvent

LINES = 20


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("somewhere") / "my-pipeline").folder


def test_every_file_is_written_and_nothing_is_left_to_fill_in(project: Path) -> None:
    files = {str(path.relative_to(project)) for path in project.rglob("*") if path.is_file()}
    assert files == set(templates())
    assert {".gitignore", ".github/workflows/wavetank.yml", "wavetank.toml", "compose.yaml"} <= files
    texts = [(project / name).read_text() for name in files]
    assert [text for text in texts if re.search(r"\{\{\w+\}\}", text)] == []
    assert metadata.version("wavetank") in (project / "README.md").read_text()


def test_its_schemas_can_be_published_and_say_what_each_field_is(project: Path) -> None:
    planned = topology.load(project / "schemas")
    assert check_folder(planned) == Findings()
    for path in (project / "schemas").glob("*/*.avsc"):
        schema = json.loads(path.read_text())
        assert all(part["doc"] for part in (schema, *schema["fields"]))


def test_its_sample_lines_all_become_events_some_of_which_join(project: Path) -> None:
    planned = topology.load(project / "schemas")
    route = routes(planned)["visit"]
    mapper = Mapper(load(project / "mappings" / "visit.toml", {"visit": route.schema.definition}))
    with (project / "samples" / "visit.ndjson").open("rb") as stream:
        events = [mapper.event_of(line) for line in LineReader(stream)]
    visits = [event for event in events if isinstance(event, WorkloadEvent)]
    assert len(visits) == len(events) == len({visit.event_id for visit in visits}) == LINES
    assert all(encode_frame(route.schema, visit.record) for visit in visits)
    assert all(visit.time_us < datetime.now(UTC).timestamp() * 1e6 for visit in visits)
    pages = json.loads((project / "schemas" / "reference" / "pages.json").read_text())["rows"]
    joined = [visit.record["page"] in pages for visit in visits]
    assert any(joined)
    assert not all(joined)


def test_its_workflow_and_readme_name_commands_that_there_are(project: Path) -> None:
    named = set()
    for name in (".github/workflows/wavetank.yml", "README.md", "compose.yaml"):
        text = (project / name).read_text()
        named |= set(re.findall(r"^(?:\s+- run:|\s*\$)? *wavetank (?:--project \w+ )?([a-z]+)", text, re.MULTILINE))
    assert {"up", "feed", "drill", "deploy", "schemas", "image"} <= named
    assert named <= set(get_command(app).commands)  # type: ignore[attr-defined]
    workflow = yaml.safe_load((project / ".github" / "workflows" / "wavetank.yml").read_text())
    rights = {name: job.get("permissions") for name, job in workflow["jobs"].items()}
    assert rights == {"test": None, "plan": None, "comment": {"pull-requests": "write"}}
    assert not any("uses" in step for step in workflow["jobs"]["comment"]["steps"])


def test_a_file_that_is_there_is_kept_and_named(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_pipeline.py").symlink_to(tmp_path / "README.md")
    written = write(tmp_path)
    assert written.kept == ("README.md", "tests/test_pipeline.py")
    assert (tmp_path / "README.md").read_text() == "mine"
    assert set(written.files) == set(templates()) - set(written.kept)


def test_a_project_is_not_made_in_a_project(project: Path) -> None:
    with pytest.raises(CallerError, match="is a project already"):
        write(project)


@pytest.mark.parametrize("taken", ["mine", "mine/schemas", "mine/README.md"])
def test_what_cannot_be_written_is_named(tmp_path: Path, taken: str) -> None:
    place = tmp_path / taken
    place.parent.mkdir(exist_ok=True)
    if taken.endswith(".md"):
        place.mkdir()
    else:
        place.touch()
    with pytest.raises(CallerError, match=re.escape(str(place))):
        write(tmp_path / "mine")


@pytest.mark.parametrize(
    ("folder", "name"), [("my-pipeline", "my-pipeline"), ("My Shop_2", "my-shop-2"), ("ümlaut x", "mlaut-x")]
)
def test_the_name_is_the_folders_in_letters_that_names_have(folder: str, name: str) -> None:
    assert name_of(Path("/anywhere") / folder) == name


@pytest.mark.parametrize("folder", ["42", "店", "---"])
def test_a_folder_whose_name_makes_none_is_refused(tmp_path: Path, folder: str) -> None:
    with pytest.raises(CallerError, match="makes no name"):
        write(tmp_path / folder)
    assert not (tmp_path / folder).exists()
