"""From a file to rows in a query: what `wavetank init-event` writes is deployed and fed as it is, in each format."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.e2e.commands import wavetank
from wavetank.emulator.deploy.deploy import deploy
from wavetank.emulator.stack.home import PROJECT_VARIABLE, Home
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.pipeline.layout import PROJECT_FILE

pytestmark = pytest.mark.stack

ROWS = 120
START = datetime(2024, 11, 29, 8, tzinfo=UTC)
EXPECTED: dict[str, tuple[str, list[Any]]] = {
    "purchase": (
        "select count(*) n, sum(unit_price)::varchar total, max(customer) customer, "
        "max(purchase_date)::varchar latest, count(note) notes from purchase",
        [{"n": ROWS, "total": "1790.40", "customer": "119", "latest": "2024-11-29", "notes": ROWS // 2}],
    ),
    "login": (
        "select count(*) n, max(login_Event.System.EventID) id, max(login_Event.System._attributes.Name) name, "
        "max(login_Event.EventData['TargetUserName']) who from login",
        [{"n": ROWS, "id": 4624, "name": "Security", "who": "user-99"}],
    ),
    "reading": (
        "select count(*) n, sum(level)::varchar total, max(kind) kind, max(place.floor) top, sum(len(tags))::int tags "
        "from reading",
        [{"n": ROWS, "total": "7.140", "kind": "warm", "top": 9, "tags": ROWS}],
    ),
}


def write_purchases(path: Path) -> None:
    """CSV as a shop exports it: a byte order mark, semicolons, CRLF, lines in quotes, empty fields."""
    with path.open("w", newline="", encoding="utf-8-sig") as out:
        writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
        writer.writerow(["order-id", "Bought At", "customer", "unit price", "date", "note"])
        for number in range(ROWS):
            at = START + timedelta(seconds=number)
            note = 'said ""hm""; and\r\nleft' if number % 2 else ""
            writer.writerow([5000 + number, at.isoformat(), f"{number:03}", f"{14.92:.2f}", at.date(), note])


def write_logins(path: Path) -> None:
    """Events as Windows exports them: nested, with names that Avro does not take, and data whose keys go on."""
    with path.open("w") as out:
        for number in range(ROWS):
            keys = {f"Data{number}_{n}": number for n in range(4)}
            system = {
                "#attributes": {"Name": "Security"},
                "EventID": 4624,
                "EventRecordID": number,
                "TimeCreated": f"{START + timedelta(seconds=number):%Y-%m-%dT%H:%M:%S.000000Z}",
            }
            data = {"TargetUserName": f"user-{number}", **keys}
            out.write(json.dumps({"Event": {"System": system, "EventData": data}}) + "\n")


def write_readings(path: Path) -> None:
    """Parquet with a dictionary, a decimal, a timestamp with a zone, a list and a struct, in several row groups."""
    numbers = range(ROWS)
    table = pa.table(
        {
            "reading_id": [f"r{number}" for number in numbers],
            "measured": pa.array([START + timedelta(seconds=n) for n in numbers], pa.timestamp("us", "Europe/Paris")),
            "level": pa.array([Decimal(n).scaleb(-3) for n in numbers]),
            "kind": pa.array([["cold", "warm"][n % 2] for n in numbers]).dictionary_encode(),
            "tags": [["a"] * (n % 3) for n in numbers],
            "place": [{"floor": n % 10} for n in numbers],
        }
    )
    pq.write_table(table, path, row_group_size=50)


@pytest.fixture(scope="module")
def fed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    """A stack with a project of three event types, each made from a file that is then fed to it."""
    folder = tmp_path_factory.mktemp("project")
    files = {"purchase": folder / "p.csv", "login": folder / "l.ndjson", "reading": folder / "r.parquet"}
    write_purchases(files["purchase"])
    write_logins(files["login"])
    write_readings(files["reading"])
    with pytest.MonkeyPatch.context() as patch:
        (folder / PROJECT_FILE).write_text('name = "wavetank"\n')
        patch.setenv(PROJECT_VARIABLE, str(folder))
        patch.chdir(folder)
        own_home = Home(tmp_path_factory.mktemp("home"), Home.from_environment().cache)
        with EmbeddedStack.up(home=own_home) as stack:
            yield rounds(stack, folder, files)


def rounds(stack: EmbeddedStack, folder: Path, files: dict[str, Path]) -> EmbeddedStack:
    """Propose, deploy, feed, settle, tick."""
    for event, path in files.items():
        proposed = wavetank_without_stack("init-event", event, "--from", str(path), "--json")
        assert proposed["proof"]["events"] == ROWS, proposed
        assert proposed["id"]["field"] in ("order-id", "Event.System.EventRecordID", "reading_id")
    deploy(stack, schemas=folder / "schemas")
    for event, path in files.items():
        report = wavetank(stack.endpoint_url, "feed", str(path), "--mapping", event, "--json").document
        assert (report["read"], report["acknowledged"], report["unmapped"]) == (ROWS, ROWS, {}), report
    assert wavetank(stack.endpoint_url, "settle").exit_code == 0
    assert wavetank(stack.endpoint_url, "tick").exit_code == 0
    return stack


def wavetank_without_stack(*arguments: str) -> Any:
    """The document that a command prints which needs no stack."""
    from typer.testing import CliRunner

    from wavetank.scenarios.cli import app

    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(result.stdout)


@pytest.mark.parametrize("event", EXPECTED)
def test_a_file_of_each_format_is_in_a_query_row_for_row(fed: EmbeddedStack, event: str) -> None:
    question, rows = EXPECTED[event]
    answer = wavetank(fed.endpoint_url, "query", question, "--json")
    assert answer.exit_code == 0, answer.stderr
    assert answer.document == rows
