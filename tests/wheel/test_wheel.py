"""The wheel: what is in it, what its base is good for, and the README's text for newcomers, run from it."""

import csv
import json
import re
import zipfile
from pathlib import Path

import pytest

from tests.wheel.conftest import Environment

MOST_BASE_MB, MOST_STACK_MB = 60, 600
LINES = 20
USAGE = 2

REGISTRY = """
import json, pathlib, wavetank
from wavetank.pipeline.names import NAMES
from wavetank.pipeline.schemas import checks, registry
from wavetank.scenarios.client import producer, wire
folder = pathlib.Path(wavetank.__file__).parent / "scenarios" / "workload" / "ad_stream" / "click"
assert checks.fingerprint_of((folder / "raw.v1.avsc").read_bytes())
route = producer.Route(NAMES.raw_stream("click"), wire.newest_schema(folder))
frame = wire.encode_frame(route.schema, {"event_id": "c-1", "event_time": 1, "campaign": "men"})
assert len(frame) > wire.HEADER_BYTES
print(route.stream)
"""


PURCHASES = 60
ENRICH = """
from decimal import Decimal

from stdnum import ean

from wavetank.pipeline.enrichment import Drop


def enrich(event, reference):
    if event["note"] == "test":
        return Drop("a test order")
    tax = (event["amount"] * Decimal("0.19")).quantize(Decimal("0.01"))
    return event | {"article": ean.compact(event["ean"]), "tax": tax}
"""
SETTINGS = """
owner = "shop"
partition_key = "customer"

[stream]
shards = 1
retention_hours = 48

[[rules]]
field = "amount"
required = true
minimum = 0.01
"""
MORE = [
    {"name": "article", "type": ["null", "string"], "default": None},
    {
        "name": "tax",
        "type": ["null", {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}],
        "default": None,
    },
]


def write_purchases(path: Path) -> None:
    """CSV as a program of a shop writes it: amounts as doubles are printed, of which one is nothing; a test order."""
    with path.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["order_id", "at", "customer", "ean", "amount", "note"])
        for number in range(PURCHASES):
            amount, note = number / 4, "test" if number == 7 else ""
            at = f"2025-11-28 10:{number:02}:00"
            writer.writerow([70_000 + number, at, f"c{number % 5}", "400638 1333931", amount, note])


def megabytes(folder: Path) -> float:
    """The size of all files below a folder, bytecode and all, whatever blocks they take on this disk."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()) / 1e6


def test_the_wheel_has_nothing_beside_wavetank_and_every_file_of_it(wheel: Path, root: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"wavetank"}
    top = {name.split("/")[1] for name in names if name.startswith("wavetank/")}
    assert top == {"__init__.py", "py.typed", "pipeline", "emulator", "scenarios"}
    wanted = {
        f"wavetank/{path.relative_to(root)}"
        for folder in ("pipeline", "emulator", "scenarios")
        for path in (root / folder).rglob("*", recurse_symlinks=True)
        if path.is_file() and path.suffix != ".pyc"
    }
    assert wanted - names == set()


def test_the_base_is_small(base: Environment) -> None:
    assert megabytes(base.packages) < MOST_BASE_MB


@pytest.mark.parametrize("command", ["wavetank up", "wavetank", "wavetank --help"])
def test_a_command_says_which_extra_it_misses(base: Environment, tmp_path: Path, command: str) -> None:
    done = base.run(command, tmp_path)
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert "needs wavetank[stack]: pip install 'wavetank[stack]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_version_needs_no_extra(base: Environment, wheel: Path, tmp_path: Path) -> None:
    done = base.run("wavetank --version", tmp_path)
    assert (done.returncode, done.stdout) == (0, f"wavetank {wheel.name.split('-')[1]}\n")


def test_the_base_is_a_producer_and_a_registry_on_the_oldest_python(oldest: Environment, tmp_path: Path) -> None:
    (tmp_path / "try.py").write_text(REGISTRY)
    done = oldest.run("python try.py", tmp_path)
    assert (done.returncode, done.stdout) == (0, "wavetank-click-raw\n"), done.stderr


def test_a_python_on_which_no_stack_runs_is_named(oldest: Environment, tmp_path: Path) -> None:
    done = oldest.run("wavetank up", tmp_path)
    assert done.returncode == USAGE
    assert "Python 3.13" in done.stderr
    assert "Traceback" not in done.stderr


def test_all_that_a_stack_needs_is_not_too_much(full: Environment) -> None:
    assert megabytes(full.packages) < MOST_STACK_MB


def newcomers_text(root: Path) -> list[str]:
    """The commands of the README's first section, each as its reader would type it."""
    section = (root / "README.md").read_text().split("\n## ")[1]
    lines = [line.removeprefix("$ ") for line in section.splitlines() if line.startswith("$ ")]
    commands = [line.partition("  #")[0].rstrip() for line in lines]
    assert commands[0] == "pip install 'wavetank[stack]'"
    return commands[1:]


def test_the_text_for_newcomers_leads_from_a_wheel_to_landed_events_and_a_green_drill(
    full: Environment, root: Path, tmp_path: Path
) -> None:
    """The port is a free one, as others run beside it; all else is as it stands there."""
    folder, told = tmp_path, dict[str, str]()
    for command in newcomers_text(root):
        if command.startswith("cd "):
            folder = folder / command.removeprefix("cd ")
            continue
        done = full.run(re.sub(r"^wavetank up$", "wavetank up --port 0", command), folder)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        told[" ".join(command.split()[:2])] = done.stdout
    assert f"{LINES} of {LINES} rows acknowledged" in told["wavetank feed"]
    visits = [int(number) for number in re.findall(r"│ *(\d+) *│$", told["wavetank query"], re.MULTILINE)]
    assert sum(visits) == LINES
    assert re.search(r"^pass +\S+", told["wavetank drill"], re.MULTILINE)
    assert "this project's event types (visit)" in told["wavetank drill"]
    assert "stopped the stack" in told["wavetank down"]
    assert not re.search(r"^\d+ ", full.run("wavetank status", folder).stdout, re.MULTILINE)


def test_a_new_project_is_sound_and_its_tests_pass(full: Environment, tmp_path: Path) -> None:
    for command in ("wavetank init mine", "cd mine && wavetank schemas check", "cd mine && pytest -q"):
        done = full.run(command, tmp_path)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    assert "2 passed" in done.stdout


def test_an_event_type_of_a_shops_csv_with_code_a_package_and_a_rule_goes_from_a_file_to_rows(
    full: Environment, tmp_path: Path
) -> None:
    write_purchases(tmp_path / "purchases.csv")

    def run(command: str, code: int = 0) -> str:
        done = full.run(command, tmp_path / "shop" if (tmp_path / "shop").exists() else tmp_path)
        assert done.returncode == code, (command, done.stdout, done.stderr)
        return done.stdout

    run("wavetank init shop")
    assert re.search(r"amount +decimal\(18,2\)", run("wavetank init-event purchase --from ../purchases.csv"))
    purchase = tmp_path / "shop" / "schemas" / "purchase"
    processed = json.loads((purchase / "processed.v1.avsc").read_text())
    (purchase / "processed.v1.avsc").write_text(json.dumps(processed | {"fields": processed["fields"] + MORE}))
    (purchase / "enrich.py").write_text(ENRICH)
    (purchase / "component.toml").write_text(SETTINGS)
    (purchase / "requirements.txt").write_text("python-stdnum==2.1\n")
    assert run("wavetank components lock") == "purchase: python_stdnum 2.1\n"
    tried = run("wavetank try purchase ../purchases.csv --mapping purchase", code=1)
    assert "line 2: quarantined as invalid: field amount: is at least 0.01, got 0.00" in tried
    run("wavetank up --port 0")
    run("wavetank feed ../purchases.csv --mapping purchase && wavetank tick")
    question = (
        "select count(*)::int n, sum(amount)::varchar paid, sum(tax)::varchar tax, max(article) ean from purchase"
    )
    amounts = [number / 4 for number in range(1, PURCHASES) if number != 7]
    [row] = json.loads(run(f'wavetank query "{question}" --json'))
    assert (row["n"], row["paid"], row["ean"]) == (len(amounts), f"{sum(amounts):.2f}", "4006381333931")
    assert "invalid            1 waiting" in run("wavetank quarantine list")
    (purchase / "component.toml").write_text(SETTINGS.replace("minimum = 0.01", "minimum = 0"))
    assert "wavetank-purchase (changed)" in run("wavetank deploy --plan")
    assert "changed: wavetank-purchase; " in run("wavetank deploy")
    run("wavetank redrive --event purchase && wavetank tick")
    assert json.loads(run('wavetank query "select count(*)::int n from purchase" --json')) == [{"n": PURCHASES - 1}]
    assert re.search(r"^pass +duplicates", run("wavetank drill duplicates"), re.MULTILINE)
    run("wavetank down --all")
