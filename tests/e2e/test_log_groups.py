"""Log groups that Lambda made by itself are taken over by a deployment, with what was logged."""

import json
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.releases import without_groups
from wavetank.emulator.deploy import removal
from wavetank.emulator.deploy.deploy import deploy, plan
from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.pipeline.names import NAMES, log_group
from wavetank.pipeline.template.render import render
from wavetank.scenarios.client.producer import Producer, Sender
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.workload.synthetic import synthetic

pytestmark = pytest.mark.stack

START = datetime(2024, 5, 6, 7, tzinfo=UTC)
CLICK = log_group(NAMES.processor("click"))
IDLE = log_group(NAMES.rescuer)
"""That of a function which was never called."""


def feed(stack: EmbeddedStack, schemas: Path, seed: int) -> None:
    site = Site(stack, plan(schemas), schemas)
    with Sender(stack.client("kinesis")) as sender:
        Producer(sender, site.routes).put(synthetic(60, seed, START, 0.5))
    stack.settle()


def groups(stack: EmbeddedStack) -> dict[str, Mapping[str, Any]]:
    """Every log group by name, as CloudWatch Logs describes it."""
    pages = stack.client("logs").get_paginator("describe_log_groups").paginate()
    return {group["logGroupName"]: group for page in pages for group in page["logGroups"]}


def lines(stack: EmbeddedStack, group: str) -> list[str]:
    pages = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    return [event["message"] for page in pages for event in page["events"]]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree("schemas", tmp_path_factory.mktemp("schemas") / "schemas"))


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory, own: Path) -> Iterator[EmbeddedStack]:
    """A stack with the pipeline of an earlier release, which has been at work."""
    home = Home(tmp_path_factory.mktemp("home"), Home.from_environment().cache)
    templates = {name: without_groups(template) for name, template in render(plan(own)).items()}
    with EmbeddedStack.up(home=home) as stack:
        deploy(stack, schemas=own, templates=templates)
        feed(stack, own, seed=1)
        yield stack


def test_groups_that_lambda_made_are_taken_over_with_what_is_in_them(earlier: EmbeddedStack, own: Path) -> None:
    before, told = groups(earlier), lines(earlier, CLICK)
    assert any(line.startswith("REPORT") for line in told)
    assert IDLE not in before
    deploy(earlier, schemas=own)
    after = groups(earlier)
    assert after.keys() == {log_group(name) for name in plan(own).functions}
    for name, group in before.items():
        assert after[name]["creationTime"] == group["creationTime"]
    assert {group["retentionInDays"] for group in after.values()} == {30}
    assert lines(earlier, CLICK) == told
    feed(earlier, own, seed=2)
    fresh = [json.loads(line) for line in lines(earlier, CLICK)[len(told) :]]
    [received] = {line["stream"] for line in fresh if line.get("message") == "invocation"}
    assert received == NAMES.raw_stream("click")
    assert deploy(earlier, schemas=own).changed == ()


def test_an_event_type_that_comes_back_takes_over_the_log_that_was_left(earlier: EmbeddedStack, own: Path) -> None:
    deploy(earlier, schemas=own)
    kept = Path(shutil.move(own / "conversion", own.parent / "conversion"))
    earlier.settle()
    removal.remove(earlier, plan(own), ["conversion"])
    group = log_group(NAMES.processor("conversion"))
    assert group not in groups(earlier)
    earlier.client("logs").create_log_group(logGroupName=group)
    shutil.move(kept, own / "conversion")
    deploy(earlier, schemas=own)
    assert groups(earlier)[group]["retentionInDays"] == 30
