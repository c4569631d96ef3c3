"""A dumper on a stack: a database's references become snapshots, an index and heartbeats in the registry."""

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from wavetank.emulator.deploy.deploy import deploy
from wavetank.emulator.deploy.functions import wait_until_ready
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.pipeline import layout
from wavetank.pipeline.metrics import INVOCATION
from wavetank.pipeline.names import Names, log_group
from wavetank.pipeline.reference.index import BEGINNING_US, DELAY_US, SECOND_US, Index
from wavetank.pipeline.reference.snapshot import Snapshot

STAGE = "dumps"
NAMES = Names.of_stage(STAGE)
FUNCTION = NAMES.dumper("ads")
SECRET = "wavetank/ads"
TICK = datetime(2026, 3, 1, 12, tzinfo=UTC)

ACCOUNTS = """
owner = "ads-platform"
key = ["account"]
every = "2 minutes"

[database]
name = "ads"
secret = "wavetank/ads"
table = "accounts"

[columns]
account = "string"
seat = "int"
budget = "decimal(12, 2)"
since = "date"
updated = "timestamp"
active = "boolean"
"""
RATES = """
key = ["country", "day"]
every = "4 minutes"

[database]
name = "ads"
secret = "wavetank/ads"
query = "select day, country, 100 * rate as percent, note from rates where country like '%_' -- :all"

[columns]
country = "string"
day = "date"
percent = "float"
"""
TABLES = """
create table accounts (
    account text primary key, seat integer, budget numeric, since text, updated text, active integer
);
create table rates (country text, day text, rate real, note text);
insert into accounts values
    ('a', 1, 12.5, '2024-02-29', '2026-01-01 00:00:01', 1), ('b', null, '0.10', null, null, 0);
insert into rates values
    ('de', '2026-01-01', 0.25, ':x'), ('de', '2026-01-02', 0.5, null), ('fr', '2026-01-01', 1.0, '%');
"""


@dataclass(frozen=True)
class Dumps:
    """A project with a database on a stack."""

    stack: EmbeddedStack
    database: Path
    bucket: str

    def change(self, statements: str) -> None:
        """Change the database."""
        with sqlite3.connect(self.database) as connection:
            connection.executescript(statements)
        connection.close()

    def run(self, tick: datetime = TICK, **more: Any) -> dict[str, Any]:
        """The answer of a run, or its error."""
        payload = {"time": tick.isoformat()} | more
        answer = self.stack.client("lambda").invoke(FunctionName=FUNCTION, Payload=json.dumps(payload))
        result: dict[str, Any] = json.loads(answer["Payload"].read())
        return result

    def lines(self) -> list[dict[str, Any]]:
        """The lines of its log that tell what became of references, once they are there."""
        self.stack.settle()
        pages = self.stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=log_group(FUNCTION))
        lines = [json.loads(event["message"]) for page in pages for event in page["events"]]
        return [line for line in lines if line.get("message") == INVOCATION]

    def other_secret(self) -> str:
        """A secret whose name begins as that of the database does."""
        client = self.stack.client("secretsmanager")
        with suppress(client.exceptions.ResourceExistsException):
            client.create_secret(Name=f"{SECRET}-2", SecretString="{}")
        return f"{SECRET}-2"

    def objects(self, prefix: str = f"{layout.REFERENCE}/") -> Mapping[str, str]:
        """Key → ETag of what is published."""
        listed = self.stack.client("s3").list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return {each["Key"]: each["ETag"] for each in listed.get("Contents", [])}

    def get(self, key: str) -> bytes:
        """The bytes of an object."""
        data: bytes = self.stack.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return data

    def index(self, name: str) -> Index:
        """The index of a reference."""
        return Index.from_json(self.get(layout.reference_index_key(name)))

    def newest(self, name: str) -> Snapshot:
        """The newest snapshot of a reference."""
        entry = self.index(name).newest
        assert entry is not None
        return Snapshot(self.get(layout.reference_snapshot_key(name, entry.digest)))


@pytest.fixture(scope="module")
def project(stack: EmbeddedStack, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Dumps:
    """A project with two references of one SQLite file, deployed."""
    folder = tmp_path_factory.mktemp("dumps")
    (folder / "wavetank.toml").write_text(f"[stages.{STAGE}]\n")
    shutil.copytree(root / "schemas" / "click", folder / "schemas" / "click")
    shutil.copytree(root / "schemas" / "reference", folder / "schemas" / "reference")
    for name, text in (("accounts", ACCOUNTS), ("rates", RATES)):
        (folder / "schemas" / "reference" / f"{name}.toml").write_text(text)
    database = folder / "ads.sqlite"
    secret = json.dumps({"engine": "sqlite", "dbname": str(database)})
    stack.client("secretsmanager").create_secret(Name=SECRET, SecretString=secret)
    deployment = deploy(stack, schemas=folder / "schemas", stage=STAGE)
    return Dumps(stack, database, deployment.registry_bucket)


@pytest.fixture
def dumps(project: Dumps) -> Iterator[Dumps]:
    """The project with its tables as they were, and nothing published of them."""
    project.database.unlink(missing_ok=True)
    project.change(TABLES)
    s3 = project.stack.client("s3")
    for prefix in (f"{layout.REFERENCE}/accounts/", f"{layout.REFERENCE}/rates/", f"{layout.DATABASES}/"):
        for key in project.objects(prefix):
            s3.delete_object(Bucket=project.bucket, Key=key)
    yield project
    project.stack.control.clear_faults()


def test_the_first_dump_is_in_effect_from_the_beginning_and_has_types_as_in_the_database(dumps: Dumps) -> None:
    answer = dumps.run()
    assert set(answer) == {"accounts", "rates"}, answer
    assert dumps.index("accounts").newest.from_us == BEGINNING_US  # type: ignore[union-attr]
    assert dict(dumps.newest("accounts").find(("a",)) or {}) == {
        "account": "a",
        "seat": 1,
        "budget": Decimal("12.50"),
        "since": (datetime(2024, 2, 29) - datetime(1970, 1, 1)).days,
        "updated": int(datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC).timestamp()) * SECOND_US,
        "active": True,
    }
    assert set((dumps.newest("accounts").find(("b",)) or {}).values()) == {"b", None, Decimal("0.10"), False}
    day = (datetime(2026, 1, 2) - datetime(1970, 1, 1)).days
    assert (dumps.newest("rates").find(("de", day)) or {})["percent"] == 50.0


def test_what_has_not_changed_writes_nothing_but_that_it_was_looked_at(dumps: Dumps) -> None:
    dumps.run()
    before = dumps.objects()
    answer = dumps.run(TICK + timedelta(minutes=4))
    assert [each["published"] for each in answer.values()] == [0, 0]
    changed = {key for key, etag in dumps.objects().items() if before.get(key) != etag}
    assert changed == {layout.reference_heartbeat_key(name) for name in ("accounts", "rates")}


def test_a_change_is_in_effect_once_no_older_index_is_used_any_more(dumps: Dumps) -> None:
    dumps.run()
    dumps.change("update accounts set seat = 2 where account = 'a'")
    before_us = dumps.stack.control.now() * SECOND_US
    answer = dumps.run(TICK + timedelta(minutes=2))
    assert set(answer) == {"accounts"}, "the other one is due every four minutes"
    first, second = dumps.index("accounts").entries
    assert second.from_us >= before_us + DELAY_US - 2 * SECOND_US
    assert (dumps.newest("accounts").find(("a",)) or {})["seat"] == 2
    old = Snapshot(dumps.get(layout.reference_snapshot_key("accounts", first.digest)))
    assert (old.find(("a",)) or {})["seat"] == 1
    dumps.change("update accounts set seat = 1 where account = 'a'")
    dumps.run(TICK + timedelta(minutes=4))
    assert [entry.digest for entry in dumps.index("accounts").entries] == [first.digest, second.digest, first.digest]


@pytest.mark.parametrize(
    ("statements", "reason", "message"),
    [
        ("alter table accounts drop column seat", "statement", "seat"),
        ("update accounts set seat = 'two'", "values", "column seat is int and has str 'two'"),
        ("update accounts set budget = 0.125", "values", "column budget is decimal.12, 2."),
        ("delete from accounts", "shrunk", "0 rows, and had 2"),
        ("drop table accounts; create table accounts as select 'a' as account, 1 as seat, 1 as budget, null as since, "
         "null as updated, 1 as active union all select 'a', 2, 1, null, null, 1", "keys", "key"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_refused_and_leaves_all_else_alone(
    dumps: Dumps, statements: str, reason: str, message: str
) -> None:
    dumps.run()
    before = dumps.objects(f"{layout.REFERENCE}/accounts/")
    dumps.change(f"{statements}; insert into rates values ('it', '2026-01-01', 0.5, 'new')")
    answer = dumps.run(TICK + timedelta(minutes=4))
    assert answer["errorType"] == "ReferenceRefused"
    assert re.search(f"reference accounts: .*{message}", answer["errorMessage"])
    assert dumps.objects(f"{layout.REFERENCE}/accounts/") == before
    assert len(dumps.newest("rates")) == 4
    lines = [line for line in dumps.lines() if line.get("reference") == "accounts"]
    assert (lines[-1]["refused"], lines[-1]["reason"]) == (1, reason)


def test_a_run_is_refused_before_it_connects_while_another_has_the_lease(dumps: Dumps) -> None:
    s3, key = dumps.stack.client("s3"), layout.lease_key("ads")
    until = dumps.stack.control.now() + 120
    s3.put_object(Bucket=dumps.bucket, Key=key, Body=json.dumps({"run": "another", "until": until}))
    dumps.database.unlink()
    answer = dumps.run()
    assert answer["errorType"] == "Leased", "not that there is no database"
    s3.put_object(Bucket=dumps.bucket, Key=key, Body=json.dumps({"run": "another", "until": until - 121}))
    dumps.change(TABLES)
    assert set(dumps.run()) == {"accounts", "rates"}
    assert json.loads(dumps.get(key))["until"] == 0.0


def test_a_database_that_is_down_fails_the_run_and_gives_the_lease_back(dumps: Dumps) -> None:
    dumps.database.unlink()
    answer = dumps.run()
    assert answer["errorType"] == "ServiceFault"
    assert json.loads(dumps.get(layout.lease_key("ads")))["until"] == 0.0
    dumps.change(TABLES)
    assert set(dumps.run()) == {"accounts", "rates"}


def test_references_are_read_by_name_whether_they_are_due_or_not(dumps: Dumps) -> None:
    dumps.run()
    answer = dumps.run(TICK + timedelta(minutes=1), references=["rates"])
    assert set(answer) == {"rates"}
    assert dumps.run(references=["nothing"])["errorType"] == "ConfigurationError"


def test_a_rotated_secret_is_read_by_the_next_run(dumps: Dumps, tmp_path: Path) -> None:
    dumps.run()
    moved = tmp_path / "moved.sqlite"
    shutil.move(dumps.database, moved)
    secrets = dumps.stack.client("secretsmanager")
    for path in (moved, dumps.database):
        secrets.put_secret_value(SecretId=SECRET, SecretString=json.dumps({"engine": "sqlite", "dbname": str(path)}))
        if path == moved:
            assert set(dumps.run(TICK + timedelta(minutes=4))) == {"accounts", "rates"}


def test_a_dumper_may_read_its_own_secret_alone(dumps: Dumps) -> None:
    dumps.run()
    assert [each for each in dumps.stack.control.authority(0)["refused"] if FUNCTION in each["caller"]] == []
    variables = dumps.stack.client("lambda").get_function_configuration(FunctionName=FUNCTION)["Environment"]
    other = variables["Variables"] | {"SECRET": dumps.other_secret()}
    client = dumps.stack.client("lambda")
    client.update_function_configuration(FunctionName=FUNCTION, Environment={"Variables": other})
    try:
        wait_until_ready(dumps.stack, FUNCTION)
        answer = dumps.run()
    finally:
        client.update_function_configuration(FunctionName=FUNCTION, Environment=variables)
        wait_until_ready(dumps.stack, FUNCTION)
    assert answer["errorType"] == "ServiceFault"
    assert "not authorized to perform: secretsmanager:GetSecretValue" in answer["errorMessage"]
