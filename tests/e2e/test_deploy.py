"""A deployment is brought up to date, and changes nothing that was not asked for."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from emulator.deploy import deploy
from emulator.home import Home
from emulator.stack import EmbeddedStack
from scenarios.client import rest
from scenarios.client.producer import Producer, Sender
from scenarios.client.rest import Layer
from scenarios.history import Value
from scenarios.schedules import Scheduled
from scenarios.site import Site
from scenarios.workloads import WorkloadEvent, synthetic

pytestmark = pytest.mark.stack

START = datetime(2024, 5, 6, 7, tzinfo=UTC)


def schedules(stack: EmbeddedStack) -> set[str]:
    return {rule["State"] for rule in stack.client("events").list_rules(NamePrefix="wavetank-")["Rules"]}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A schema folder that a test may change."""
    return Path(shutil.copytree("schemas", tmp_path_factory.mktemp("schemas") / "schemas"))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, own: Path) -> Iterator[EmbeddedStack]:
    """A stack with that folder deployed."""
    home = Home(tmp_path_factory.mktemp("home"), Home.from_environment().cache)
    with EmbeddedStack.up(home=home) as stack:
        deploy(stack, schemas=own)
        yield stack


def test_schedules_are_off_at_first_and_stay_as_they_were_set(fresh: EmbeddedStack, own: Path) -> None:
    assert schedules(fresh) == {"DISABLED"}
    deploy(fresh, schemas=own, scheduled=True)
    assert schedules(fresh) == {"ENABLED"}
    deploy(fresh, schemas=own)
    assert schedules(fresh) == {"ENABLED"}
    deploy(fresh, schemas=own, scheduled=False)
    assert schedules(fresh) == {"DISABLED"}


def clicks(site: Site, seed: int, **extra: Value) -> None:
    """Put some clicks on the stream, and let them and the tick of their hour go through."""
    some = [event for event in synthetic(60, seed, START, 0.5) if event.event_type == "click"]
    with Sender(site.stack.client("kinesis")) as sender:
        Producer(sender, site.routes).put([WorkloadEvent("click", {**event.record, **extra}) for event in some])
    site.settle()
    site.tick(Scheduled.PLANNER, START.replace(minute=59))


def test_a_version_published_later_is_merged_by_functions_that_are_already_warm(
    fresh: EmbeddedStack, own: Path
) -> None:
    clicks(Site(fresh, deploy(fresh, schemas=own).topology, own), seed=1)
    for role in ("raw", "processed"):
        newer = json.loads((own / "click" / f"{role}.v1.avsc").read_text())
        newer["fields"].append({"name": "placement", "type": ["null", "string"], "default": None})
        (own / "click" / f"{role}.v2.avsc").write_text(json.dumps(newer))
    site = Site(fresh, deploy(fresh, schemas=own).topology, own)
    clicks(site, seed=2, placement="top")
    for layer in (Layer.AVRO, Layer.PARQUET):
        merged = [row for file in rest.files(site.s3, site.data_bucket, (layer,)) for row in file.records()]
        assert {row["placement"] for row in merged} == {None, "top"}, layer
