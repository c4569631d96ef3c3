"""`wavetank reference` as a user types it: a database in SQLite is dumped, listed, shown and compared."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.commands import Ran, wavetank
from wavetank.emulator.deploy.deploy import deploy
from wavetank.emulator.errors import CallerError
from wavetank.emulator.stack.home import PROJECT_VARIABLE
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.layout import reference_index_key, reference_snapshot_key
from wavetank.pipeline.names import Names
from wavetank.pipeline.reference.index import DELAY_US, SECOND_US
from wavetank.scenarios.client.reference.published import SnapshotGone
from wavetank.scenarios.commands.reference.dumping import DumpFailed

pytestmark = pytest.mark.stack

STAGE, SECRET = "looks", "wavetank/looks"
ACCOUNTS = f"""
owner = "ads-platform"
key = ["account", "day"]
stale_after = "15 minutes"

[database]
name = "ledgers"
secret = "{SECRET}"
table = "accounts"

[columns]
account = "string"
day = "date"
budget = "decimal(12, 2)"
"""
ROWS = [("a", "2026-01-01", "12.50"), ("b", "2026-01-01", None), ("c", "2026-01-02", "1.00")]


@dataclass(frozen=True)
class Accounts:
    """A project whose accounts are in a database, deployed on a stack."""

    stack: EmbeddedStack
    database: Path

    def write(self, rows: list[tuple[str, str, str | None]]) -> None:
        """Have the table hold these rows and no others."""
        with sqlite3.connect(self.database) as connection:
            connection.execute("create table if not exists accounts (account text, day text, budget text)")
            connection.execute("delete from accounts")
            connection.executemany("insert into accounts values (?, ?, ?)", rows)
        connection.close()

    def run(self, *arguments: str, stage: str = STAGE) -> Ran:
        """`wavetank reference` with these arguments."""
        return wavetank(self.stack.endpoint_url, "reference", *arguments, "--stage", stage)


@pytest.fixture(scope="module")
def project(stack: EmbeddedStack, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Accounts:
    folder = tmp_path_factory.mktemp("looks")
    (folder / "wavetank.toml").write_text(f"[stages.{STAGE}]\n[stages.nowhere]\n")
    shutil.copytree(root / "schemas" / "click", folder / "schemas" / "click")
    shutil.copytree(root / "schemas" / "reference", folder / "schemas" / "reference")
    (folder / "schemas" / "reference" / "accounts.toml").write_text(ACCOUNTS)
    accounts = Accounts(stack, folder / "ads.sqlite")
    accounts.write(ROWS)
    document = json.dumps({"engine": "sqlite", "dbname": str(accounts.database)})
    stack.client("secretsmanager").create_secret(Name=SECRET, SecretString=document)
    deploy(stack, schemas=folder / "schemas", stage=STAGE)
    return accounts


@pytest.fixture
def accounts(project: Accounts, monkeypatch: pytest.MonkeyPatch) -> Iterator[Accounts]:
    monkeypatch.setenv(PROJECT_VARIABLE, str(project.database.parent))
    project.write(ROWS)
    assert project.run("dump", "accounts").exit_code == 0
    yield project
    project.database.unlink(missing_ok=True)


def test_a_reference_that_has_changed_is_dumped_listed_and_compared(accounts: Accounts) -> None:
    accounts.write([*ROWS[1:], ("a", "2026-01-01", "99.00"), ("d", "2026-01-02", "2.00")])
    dumped = accounts.run("dump", "accounts", "--json").document
    assert (dumped["outcome"], dumped["rows"]) == ("published", 4)
    now_us = accounts.stack.control.now() * SECOND_US
    assert now_us < dumped["from_us"] <= now_us + DELAY_US
    assert accounts.run("dump", "accounts").stdout == "accounts: unchanged, 4 rows\n"
    listed = {each["name"]: each for each in accounts.run("list", "--json").document}
    state = listed["accounts"]
    assert (state["rows"], state["digest"], state["in_effect"]) == (4, dumped["digest"], False)
    assert (state["owner"], state["database"], state["stale"]) == ("ads-platform", "ledgers", False)
    assert state["age_s"] < state["stale_after_s"]
    compared = accounts.run("diff", "accounts")
    assert compared.exit_code == 1
    assert "~ account=a  day=2026-01-01  budget=12.50 → 99.00" in compared.stdout
    assert "+ account=d  day=2026-01-02  budget=2.00" in compared.stdout
    assert compared.stdout.endswith("1 added, 0 gone, 1 changed\n")
    newest = dumped["digest"][:8]
    assert accounts.run("diff", "accounts", newest, newest).exit_code == 0


def test_a_row_is_shown_by_its_key_as_of_a_time(accounts: Accounts) -> None:
    key = ("--key", "a", "--key", "2026-01-01")
    accounts.write([("a", "2026-01-01", "7.00"), *ROWS[1:]])
    assert accounts.run("dump", "accounts").exit_code == 0
    assert accounts.run("show", "accounts", *key, "--json").document["budget"] == "7.00"
    first = accounts.run("show", "accounts", *key, "--as-of", "1970-01-01", "--json").document
    assert first == {"account": "a", "day": "2026-01-01", "budget": "12.50"}
    missing = accounts.run("show", "accounts", "--key", "z", "--key", "2026-01-01")
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert "no row of accounts has the key z, 2026-01-01" in missing.stderr
    document = accounts.run("show", "accounts", "--rows", "2", "--json").document
    assert (document["rows"], len(document["first_rows"])) == (3, 2)
    assert document["columns"] == {"account": "string", "day": "date", "budget": "decimal(12, 2)"}
    assert document["entries"][0]["from_us"] == 0


def test_a_dump_that_is_refused_says_why_and_leaves_what_is_published(accounts: Accounts) -> None:
    before = accounts.run("show", "accounts", "--json").document["entries"]
    accounts.write([])
    refused = accounts.run("dump", "accounts")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "50 % of them are gone" in refused.stderr
    assert accounts.run("dump", "accounts", "--json").document["outcome"] == "refused"
    assert accounts.run("show", "accounts", "--json").document["entries"] == before
    accounts.stack.settle()
    triage = wavetank(accounts.stack.endpoint_url, "triage", "--stage", STAGE, "--json").document
    (finding,) = [each for each in triage["findings"] if each["subject"].endswith("-ledgers-dumper")]
    assert finding["command"] == "wavetank reference list"
    assert "ReferenceRefused" in finding["sentence"]
    assert {change["what"] for change in triage["changes"] if change["kind"] == "reference"} >= {"accounts"}


def test_a_database_that_is_gone_is_a_failure_told_in_a_sentence(accounts: Accounts) -> None:
    accounts.database.unlink()
    with pytest.raises(DumpFailed, match="unable to open database file"):
        accounts.run("dump", "accounts")


def test_a_snapshot_that_is_gone_or_damaged_is_told_and_hides_no_other(accounts: Accounts) -> None:
    names = Names.of_stage(STAGE)
    s3, bucket = accounts.stack.client("s3"), names.registry_bucket(accounts.stack.account)
    digest = accounts.run("show", "accounts", "--json").document["entries"][-1]["digest"]
    key = reference_snapshot_key("accounts", digest)
    s3.put_object(Bucket=bucket, Key=key, Body=b"damaged")
    with pytest.raises(SnapshotGone, match="is damaged"):
        accounts.run("show", "accounts")
    s3.delete_object(Bucket=bucket, Key=key)
    with pytest.raises(SnapshotGone, match="it has expired, or was deleted"):
        accounts.run("show", "accounts")
    listed = accounts.run("list")
    assert listed.exit_code == 0
    assert "it has expired, or was deleted" in listed.stderr
    assert {"accounts", "campaigns"} <= {line.split()[0] for line in listed.stdout.splitlines()}
    # What is published is whole again with the next change.
    s3.delete_object(Bucket=bucket, Key=reference_index_key("accounts"))


def test_a_mistake_is_told_in_a_sentence(accounts: Accounts) -> None:
    with pytest.raises(ConfigurationError, match="no reference 'nothing'"):
        accounts.run("show", "nothing")
    with pytest.raises(CallerError, match=r"campaigns is read from .*campaigns\.json, not from a database"):
        accounts.run("dump", "campaigns")
    with pytest.raises(CallerError, match="there is no entry 77"):
        accounts.run("diff", "accounts", "77")
    with pytest.raises(CallerError, match="the key is account, day, and 1 value is given"):
        accounts.run("show", "accounts", "--key", "a")
    with pytest.raises(CallerError, match="nothing is deployed there"):
        accounts.run("list", stage="nowhere")
    with pytest.raises(CallerError, match="there is no function wavetank-nowhere-ledgers-dumper"):
        accounts.run("dump", "accounts", stage="nowhere")
    wrong = accounts.run("diff", "accounts", "yesterday")
    assert wrong.exit_code == 2
    assert "no number of an entry" in wrong.stderr
