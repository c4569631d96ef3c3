"""A dumper on a stack: a database's references become snapshots, an index and heartbeats in the registry."""

import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from wavetank.emulator.deploy.deploy import deploy
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.pipeline import layout
from wavetank.pipeline.names import Names
from wavetank.pipeline.reference.index import BEGINNING_US, SECOND_US, Index
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
