"""`wavetank init-event` writes what feeds the file, says what it concluded, and never overwrites anything."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from wavetank.emulator.errors import CallerError
from wavetank.emulator.stack import home
from wavetank.pipeline import topology
from wavetank.pipeline.schemas import checks
from wavetank.scenarios.client.inference.proof import Proof
from wavetank.scenarios.commands import init_event

PURCHASES = (
    "\ufefforder-id;Bought At;customer;unit price;date;note\r\n"
    '1001;2024-11-29T08:00:00+01:00;007;19.90;2024-11-29;"said ""hm"""\r\n'
    '1002;2024-11-29T08:00:05+01:00;012;5.00;2024-11-29;"two\r\nlines; really"\r\n'
)
FILES = {
    "mappings/purchase.toml",
    "samples/purchase.csv",
    "schemas/purchase/processed.v1.avsc",
    "schemas/purchase/raw.v1.avsc",
}

Asked = Callable[..., Result]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without event types, and a file of purchases beside it."""
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.setattr(home, "project_root", lambda: root)
    (tmp_path / "purchases.csv").write_text(PURCHASES, newline="")
    return root


@pytest.fixture
def asked(project: Path) -> Asked:
    commands = typer.Typer()
    init_event.register(commands)
    commands.callback()(lambda: None)
    source = str(project.parent / "purchases.csv")
    return lambda *arguments: CliRunner().invoke(commands, ["init-event", "purchase", "--from", source, *arguments])


def written(project: Path) -> set[str]:
    return {str(path.relative_to(project)) for path in project.rglob("*") if path.is_file()}


def test_what_is_written_passes_the_checks_and_says_how_rows_become_events(asked: Asked, project: Path) -> None:
    ran = asked()
    assert ran.exit_code == 0, ran.output
    assert written(project) == FILES
    assert not checks.check_folder(topology.load(project / "schemas")).refused
    assert tomllib.loads((project / "mappings/purchase.toml").read_text()) == {
        "event": "purchase",
        "id": {"field": "order-id"},
        "time": {"field": "Bought At", "format": "iso8601"},
        "rename": {"unit price": "unit_price", "date": "purchase_date"},
        "csv": {"separator": ";"},
    }
    assert (project / "samples/purchase.csv").read_text() == PURCHASES.removeprefix("\ufeff").replace("\r\n", "\n")
    assert "concluded from 2 rows of purchases.csv (csv, separated by ';')" in ran.output
    assert "text: as a number, 007 would not be written so again" in ran.output
    assert "proof: 2 of 2 rows are mapped and encoded" in ran.output


def test_a_dry_run_writes_nothing_and_json_says_it_all(asked: Asked, project: Path) -> None:
    ran = asked("--dry-run", "--json", "--owner", "shop")
    document = json.loads(ran.output)
    assert written(project) == set()
    assert document["written"] is False
    assert set(document["files"]) == FILES | {"schemas/purchase/component.toml"}
    assert (document["rows"], document["proof"]["events"]) == (2, 2)
    assert document["id"] == {"field": "order-id", "reason": "unique, and has a value in all 2 rows"}
    assert [column["type"] for column in document["columns"]] == ["string", "decimal(18,2)", "date", "string"]


def test_an_owner_is_a_line_of_the_component(asked: Asked, project: Path) -> None:
    assert asked("--owner", 'the "shop"').exit_code == 0
    assert tomllib.loads((project / "schemas/purchase/component.toml").read_text()) == {"owner": 'the "shop"'}


@pytest.mark.parametrize("there", [*sorted(FILES), "schemas/purchase/raw.v2.avsc"])
def test_nothing_is_overwritten_and_nothing_is_written_beside_it(asked: Asked, project: Path, there: str) -> None:
    (project / there).parent.mkdir(parents=True)
    (project / there).write_text("mine")
    ran = asked()
    assert isinstance(ran.exception, CallerError)
    assert "nothing was written" in str(ran.exception)
    assert written(project) == {there}
    assert (project / there).read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--time", "note"), "--time note: its values"),
        (("--id", "nothing"), "There are: order-id, Bought At"),
        (("--enum", "note"), "is no symbol"),
        (("--enum", "nothing"), "--enum nothing: no row has a value there"),
        (("--separator", "|", "--time", "x"), "no row has a value there"),
        (("--format", "parquet"), "cannot be read as Parquet"),
        (("--time", "note", "--time-format", "%q"), "is no strptime pattern"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    asked: Asked, project: Path, arguments: tuple[str, ...], message: str
) -> None:
    ran = asked(*arguments)
    assert isinstance(ran.exception, CallerError), ran.output
    assert message in str(ran.exception)
    assert "purchases.csv" in str(ran.exception)
    assert written(project) == set()


@pytest.mark.parametrize("name", ["Purchase", "9x", "reference", "shared", "a" * 33, "a_b"])
def test_a_name_that_no_event_type_can_have_is_refused(asked: Asked, name: str, project: Path) -> None:
    with pytest.raises(CallerError, match="is no name of an event type"):
        init_event.init_event(name, project.parent / "purchases.csv")


def test_a_name_that_differs_from_another_in_hyphens_alone_is_refused(asked: Asked, project: Path) -> None:
    (project / "schemas" / "pur-chase").mkdir(parents=True)
    ran = asked()
    assert isinstance(ran.exception, CallerError)
    assert "the event type pur-chase differs in hyphens alone" in str(ran.exception)


def test_rows_that_a_feed_would_reject_are_counted_with_the_first_of_them(asked: Asked, project: Path) -> None:
    (project.parent / "purchases.csv").write_text(PURCHASES + "1003;2024-11-29T08:00:09Z;1\r\n", newline="")
    ran = asked("--json")
    assert json.loads(ran.output)["proof"] == {
        "events": 2,
        "rejected": {"not-csv": 1},
        "examples": {"not-csv": "row 5: 3 fields, and the first row names 6 columns: " + init_event_rule()},
    }


def init_event_rule() -> str:
    from wavetank.scenarios.workload.csv_rows import RULE

    return RULE


def test_a_proof_counts_all_rows() -> None:
    assert Proof(events=2).rows == 2
