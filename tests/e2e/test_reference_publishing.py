"""References of files are published like those of databases: what changed, once, in effect by the clock of S3."""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from wavetank.emulator.deploy import publishing
from wavetank.emulator.deploy.references import Renewal
from wavetank.emulator.errors import DeployFailed
from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.pipeline import layout, topology
from wavetank.pipeline.aws.publication import Heartbeat
from wavetank.pipeline.names import Names
from wavetank.pipeline.reference.index import BEGINNING_US, DELAY_US, SECOND_US, Index
from wavetank.pipeline.reference.snapshot import Snapshot
from wavetank.pipeline.template.dumpers import snapshot_hours

DAY_S = 86_400
PLANS = 'key = ["plan"]\n[file]\npath = "plans.csv"\n[columns]\nplan = "string"\nprice = "decimal(6, 2)"\n'
DATABASE = 'key = ["k"]\n[database]\nname = "ads"\nsecret = "s"\ntable = "t"\n[columns]\nk = "string"\n'
PLANS_CSV = "plan,price\nsmall,1.5\nlarge,20\n"

pytestmark = pytest.mark.stack


@dataclass(frozen=True)
class Project:
    """A schema folder, and the registry of a stack that it is published to."""

    stack: EmbeddedStack
    schemas: Path

    @property
    def _s3(self) -> Any:
        return self.stack.client("s3")

    @property
    def bucket(self) -> str:
        """The registry."""
        return Names().registry_bucket(self.stack.account)

    def write(self, **files: str) -> None:
        """Write files of references."""
        for name, text in files.items():
            (self.schemas / "reference" / name.replace("__", ".")).write_text(text)

    def publish(self) -> publishing.Publication:
        """Publish the folder."""
        return publishing.publish(self.stack, topology.load(self.schemas))

    def objects(self) -> Mapping[str, tuple[str, Any]]:
        """Key → ETag and time of what is published of references."""
        listed = self._s3.list_objects_v2(Bucket=self.bucket, Prefix=layout.REFERENCE)
        return {each["Key"]: (each["ETag"], each["LastModified"]) for each in listed.get("Contents", [])}

    def get(self, key: str) -> bytes:
        """The bytes of an object."""
        data: bytes = self._s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return data

    def index(self, name: str) -> Index:
        """The index of a reference."""
        return Index.from_json(self.get(layout.reference_index_key(name)))

    def tags(self, digest: str) -> list[dict[str, str]]:
        """The tags of a snapshot of the plans."""
        key = layout.reference_snapshot_key("plans", digest)
        tags: list[dict[str, str]] = self._s3.get_object_tagging(Bucket=self.bucket, Key=key)["TagSet"]
        return tags


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    """A stack whose clock can be moved by weeks."""
    home = Home(tmp_path_factory.mktemp("home"), Home.from_environment().cache)
    with EmbeddedStack.up(home=home) as stack:
        yield stack


@pytest.fixture
def project(own_stack: EmbeddedStack, root: Path, tmp_path: Path) -> Iterator[Project]:
    """A folder with a plain JSON file, a CSV file and a database, and an empty registry."""
    folder = tmp_path / "schemas"
    shutil.copytree(root / "schemas" / "click", folder / "click")
    shutil.copytree(root / "schemas" / "reference", folder / "reference")
    project = Project(own_stack, folder)
    project.write(plans__toml=PLANS, plans__csv=PLANS_CSV, accounts__toml=DATABASE)
    s3 = own_stack.client("s3")
    s3.create_bucket(Bucket=project.bucket)
    yield project
    for each in s3.list_objects_v2(Bucket=project.bucket).get("Contents", []):
        s3.delete_object(Bucket=project.bucket, Key=each["Key"])
    s3.delete_bucket(Bucket=project.bucket)


def heartbeat(project: Project, name: str) -> Heartbeat:
    beat = Heartbeat.from_json(project.get(layout.reference_heartbeat_key(name)))
    assert beat is not None
    return beat


def test_the_first_rows_are_in_effect_for_all_records_and_those_of_a_database_are_its_dumpers(project: Project) -> None:
    done = project.publish()
    assert {each.name: each.from_us for each in done.references} == {"campaigns": BEGINNING_US, "plans": BEGINNING_US}
    assert str(done.references[1]) == "reference plans: 2 rows, in effect for all records"
    [entry] = project.index("plans").entries
    read = Snapshot(project.get(layout.reference_snapshot_key("plans", entry.digest)), entry.digest)
    assert sorted(str(row["price"]) for row in read.rows()) == ["1.50", "20.00"]
    assert {key.split("/")[1] for key in project.objects()} == {"campaigns", "plans"}
    assert layout.reference_index_key("plans") in done.keys


def test_a_file_that_has_not_changed_writes_nothing_but_a_heartbeat(project: Project) -> None:
    project.publish()
    before, first = project.objects(), heartbeat(project, "plans")
    project.stack.control.advance_clock(100)
    project.write(plans__csv="price;plan\n20.00;large\n1.50;small\n")
    done = project.publish()
    assert (done.keys, done.references) == ((), ())
    changed = {key for key, state in project.objects().items() if before[key] != state}
    assert changed == {layout.reference_heartbeat_key(name) for name in ("campaigns", "plans")}
    again = heartbeat(project, "plans")
    assert (again.rows, again.digest) == (first.rows, first.digest)
    assert again.looked_us >= first.looked_us + 100 * SECOND_US


def test_a_changed_file_is_in_effect_a_minute_later_by_the_clock_of_s3(project: Project) -> None:
    project.publish()
    now_us = int(project.stack.control.advance_clock(3 * DAY_S) * SECOND_US)
    project.write(plans__csv=PLANS_CSV + "huge,100\n")
    [renewal] = project.publish().references
    assert (renewal.name, renewal.rows) == ("plans", 3)
    assert now_us + DELAY_US - 2 * SECOND_US <= renewal.from_us <= now_us + DELAY_US + 30 * SECOND_US
    assert [entry.from_us for entry in project.index("plans").entries] == [BEGINNING_US, renewal.from_us]
    assert "in effect for records that arrive from " in str(renewal)


def test_a_snapshot_that_no_record_can_need_any_more_is_tagged_and_leaves_the_index(project: Project) -> None:
    project.publish()
    project.write(plans__csv=PLANS_CSV + "huge,100\n")
    project.publish()
    first, second = project.index("plans").entries
    project.stack.control.advance_clock(
        DELAY_US / SECOND_US + snapshot_hours(topology.load(project.schemas)) * 3600 + 60
    )
    assert project.publish().references == ()
    assert [entry.digest for entry in project.index("plans").entries] == [second.digest]
    assert project.tags(first.digest) == [layout.SUPERSEDED_TAG]
    assert project.tags(second.digest) == []
    project.write(plans__csv=PLANS_CSV)
    project.publish()
    assert project.index("plans").entries[-1].digest == first.digest
    assert project.tags(first.digest) == [], "what is in use again does not expire"


@pytest.mark.parametrize("rows", ["plan,price\nsmall,cheap\n", "plan\nsmall\n", PLANS_CSV + "small,2\n"])
def test_a_file_that_is_wrong_keeps_everything_from_being_published(project: Project, rows: str) -> None:
    project.write(plans__csv=rows)
    with pytest.raises(DeployFailed, match=str(project.schemas / "reference" / "plans.csv")):
        project.publish()
    assert project.stack.client("s3").list_objects_v2(Bucket=project.bucket)["KeyCount"] == 0
    [refused] = publishing.check(project.stack, topology.load(project.schemas)).refused
    assert refused.startswith(str(project.schemas / "reference" / "plans.csv"))


def test_a_renewal_is_plain_data() -> None:
    assert json.loads(json.dumps(Renewal("plans", 1, 5).document())) == {"name": "plans", "rows": 1, "from_us": 5}
