"""Stages of one project on one stack: in one account and in two, neither sees the other's data, names or mistakes."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from wavetank.emulator.deploy import removal
from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.scenarios.client import at_rest
from wavetank.scenarios.client.at_rest import Layer
from wavetank.scenarios.client.producer import Producer, Sender
from wavetank.scenarios.oracle.alarms import Watched
from wavetank.scenarios.run.alarm_datapoints import watched
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.workload.synthetic import synthetic

pytestmark = pytest.mark.stack

START = datetime(2024, 5, 6, 7, tzinfo=UTC)
EVENTS, FLOOD = 60, 2_000
ACCOUNTS = {"staging": "111111111111", "production": "222222222222"}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two stages, and schemas that a test may change."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "wavetank.toml").write_text("".join(f"[stages.{stage}]\n" for stage in ACCOUNTS))
    return Path(shutil.copytree("schemas", folder / "schemas"))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    home = Home(tmp_path_factory.mktemp("home"), Home.from_environment().cache)
    with EmbeddedStack.up(home=home) as running:
        yield running


def put(site: Site, count: int, seed: int) -> None:
    with Sender(site.stack.client("kinesis")) as sender:
        Producer(sender, site.routes).put(synthetic(count, seed, START, 0.5))


def landed(site: Site) -> set[str]:
    """The ids of all events that are merged."""
    site.tick(Scheduled.PLANNER, START.replace(minute=59))
    files = at_rest.files(site.s3, site.data_bucket, (Layer.AVRO,))
    return {str(row["event_id"]) for file in files for row in file.records()}


@pytest.mark.parametrize("accounts", [dict.fromkeys(ACCOUNTS, "333333333333"), ACCOUNTS], ids=["one", "two"])
def test_what_one_stage_is_sent_is_at_rest_there_alone(
    stack: EmbeddedStack, own: Path, accounts: dict[str, str]
) -> None:
    sites = [Site.deployed_on(stack.at(accounts[name], None), schemas=own, stage=name) for name in accounts]
    for seed, site in enumerate(sites):
        put(site, EVENTS, seed)
    stack.settle()
    ids = [landed(site) for site in sites]
    sent = [{str(event.record["event_id"]) for event in synthetic(EVENTS, seed, START, 0.5)} for seed in (0, 1)]
    assert ids == sent
    assert {site.stack.account for site in sites} == set(accounts.values())


def observed(site: Site, since_s: float) -> dict[str, Any]:
    """What production's people would see: its data, alarms that rang, throttles, and the age that it reads at."""
    now_s = site.stack.control.now()
    cloudwatch = site.stack.client("cloudwatch")

    def most(metric: str, function: str) -> float:
        statistics = cloudwatch.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": "FunctionName", "Value": function}],
            StartTime=datetime.fromtimestamp(since_s - 60, UTC),
            EndTime=datetime.fromtimestamp(now_s + 60, UTC),
            Period=3600,
            Statistics=["Maximum"],
        )
        return max((float(point["Maximum"]) for point in statistics["Datapoints"]), default=0.0)

    functions = site.topology.functions
    return {
        "ids": landed(site),
        "rang": {
            each.alarm.name
            for each in watched(site, since_s, now_s)
            if isinstance(each, Watched) and any(map(each.alarm.breaches, each.values.values()))
        },
        "throttles": sum(most("Throttles", name) for name in functions),
        "errors": sum(most("Errors", name) for name in functions),
        "ages": {event.name: most("IteratorAge", event.processor) < 60_000 for event in site.topology.events},
    }


def production(stack: EmbeddedStack, own: Path) -> Site:
    return Site.deployed_on(stack.at(ACCOUNTS["production"], None), schemas=own, stage="production")


def test_production_is_as_ever_while_staging_is_flooded_has_no_concurrency_and_is_deleted(
    stack: EmbeddedStack, own: Path, tmp_path: Path
) -> None:
    site = production(stack, own)
    site.empty()
    since = stack.control.now()
    put(site, EVENTS, seed=5)
    stack.settle()
    control = observed(site, since)
    site.empty()

    staging = Site.deployed_on(stack.at(ACCOUNTS["staging"], None), schemas=own, stage="staging")
    processor = staging.topology.event("click").processor
    smaller = Path(shutil.copytree(own, tmp_path / "schemas"))
    (tmp_path / "wavetank.toml").write_text((own.parent / "wavetank.toml").read_text())
    shutil.rmtree(smaller / "conversion")
    since = stack.control.now()
    with ExitStack() as haywire:
        staging.stack.client("lambda").put_function_concurrency(FunctionName=processor, ReservedConcurrentExecutions=0)
        haywire.callback(staging.stack.client("lambda").delete_function_concurrency, FunctionName=processor)
        put(staging, FLOOD, seed=6)
        put(site, EVENTS, seed=5)
        without = Site.deployed_on(staging.stack, schemas=smaller, stage="staging")
        removal.remove(staging.stack, without.topology, ["conversion"], allow_loss=True)
    stack.settle()
    assert observed(site, since) == control
    assert "wavetank-staging-conversion-raw" not in staging.stack.client("kinesis").list_streams()["StreamNames"]
    assert "wavetank-production-conversion-raw" in site.stack.client("kinesis").list_streams()["StreamNames"]
