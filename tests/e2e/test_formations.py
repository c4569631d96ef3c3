"""A CloudFormation stack for each event type: moved out of the one of before, changed alone, removed when asked."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.releases import is_of_one_stack, without_groups
from wavetank.emulator.deploy import removal
from wavetank.emulator.deploy.changes import Change, Kind
from wavetank.emulator.deploy.deploy import deploy, plan, preview
from wavetank.emulator.errors import CallerError, DeployFailed
from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.pipeline.names import Names
from wavetank.pipeline.template.render import PARAMETERS, whole
from wavetank.scenarios.client.producer import Producer, Sender
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.workload.synthetic import synthetic

pytestmark = pytest.mark.stack

START = datetime(2024, 5, 6, 7, tzinfo=UTC)
STACKS = ("wavetank", "wavetank-click", "wavetank-conversion", "wavetank-dashboards", "wavetank-impression")
OF_EVENT_TYPES = frozenset(STACKS) - {"wavetank", "wavetank-dashboards"}


def put(stack: EmbeddedStack, schemas: Path, count: int, seed: int) -> int:
    site = Site(stack, plan(schemas), schemas)
    events = synthetic(count, seed, START, 0.5)
    with Sender(stack.client("kinesis")) as sender:
        Producer(sender, site.routes).put(events)
    return len({json.dumps(event.record, default=str) for event in events})


def identities(stack: EmbeddedStack) -> dict[str, Any]:
    """What tells a resource from another one of its name: times of creation, and the ids of mappings."""
    kinesis, firehose = stack.client("kinesis"), stack.client("firehose")
    streams = {
        name: kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamCreationTimestamp"]
        for name in kinesis.list_streams()["StreamNames"]
    }
    deliveries = {
        name: firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]["CreateTimestamp"]
        for name in firehose.list_delivery_streams()["DeliveryStreamNames"]
    }
    mappings = {each["UUID"] for each in stack.client("lambda").list_event_source_mappings()["EventSourceMappings"]}
    roles = {role["RoleName"]: role["RoleId"] for role in stack.client("iam").list_roles()["Roles"]}
    return {"streams": streams, "deliveries": deliveries, "mappings": mappings, "roles": roles}


def events_of(stack: EmbeddedStack) -> dict[str, int]:
    """The number of CloudFormation's events by stack."""
    cloudformation = stack.client("cloudformation")
    names = [described["StackName"] for described in cloudformation.describe_stacks()["Stacks"]]
    pages = cloudformation.get_paginator("describe_stack_events")
    return {name: sum(len(page["StackEvents"]) for page in pages.paginate(StackName=name)) for name in names}


def is_new(change: Change) -> bool:
    """Whether the releases with one stack had no such resource."""
    return not is_of_one_stack(change.logical_id, change.type)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A schema folder that a test may change."""
    return Path(shutil.copytree("schemas", tmp_path_factory.mktemp("schemas") / "schemas"))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, own: Path) -> Iterator[EmbeddedStack]:
    """A stack with all in one CloudFormation stack, as earlier releases deployed it."""
    home = Home(tmp_path_factory.mktemp("home"), Home.from_environment().cache)
    every = whole(plan(own))["Resources"]
    single = without_groups({"Resources": every, "Parameters": PARAMETERS})
    resources = {name: each for name, each in single["Resources"].items() if is_of_one_stack(name, each["Type"])}
    for resource in resources.values():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            resource["Properties"] = {
                key: value for key, value in resource["Properties"].items() if not key.endswith("Actions")
            }
    with EmbeddedStack.up(home=home) as stack:
        deploy(stack, schemas=own, templates={"wavetank": {**single, "Resources": resources}})
        yield stack


def test_event_types_move_to_stacks_of_their_own_and_every_resource_stays_what_it_is(
    fresh: EmbeddedStack, own: Path
) -> None:
    before, sent = identities(fresh), put(fresh, own, 200, seed=1)
    told = {each.stack: each for each in preview(fresh, schemas=own)}
    assert {name for name, each in told.items() if each.moved} >= OF_EVENT_TYPES
    changes = [change for each in told.values() for change in each.changes]
    assert {change.kind for change in changes if not is_new(change)} == {Kind.CHANGED}
    assert {change.kind for change in changes if is_new(change)} == {Kind.ADDED}
    assert identities(fresh) == before
    done = deploy(fresh, schemas=own)
    assert identities(fresh) == before
    assert tuple(sorted(events_of(fresh))) == STACKS
    assert done.leftovers == ()
    assert set(fresh.control.authority()["stacks"]) == set(STACKS)
    fresh.settle()
    site = Site(fresh, done.topology, own)
    assert len(site.undone_chunks()) == 0
    assert sent == 200
    assert deploy(fresh, schemas=own).changed == ()


def test_a_change_of_one_event_type_touches_no_other_stack(fresh: EmbeddedStack, own: Path) -> None:
    before = events_of(fresh)
    assert preview(fresh, schemas=own) == ()
    (own / "click" / "enrichment.json").write_text(
        '{"reference": "campaigns", "on": "campaign", "add": ["advertiser"]}'
    )
    (told,) = preview(fresh, schemas=own)
    assert told.stack == "wavetank-click"
    assert [(each.logical_id, each.kind, [p.name for p in each.properties]) for each in told.changes] == [
        ("ClickProcessor", Kind.CHANGED, ["Environment"])
    ]
    assert events_of(fresh) == before
    changed = deploy(fresh, schemas=own).changed
    after = events_of(fresh)
    assert changed == ("wavetank-click",)
    assert [name for name in STACKS if after[name] != before[name]] == ["wavetank-click"]


def test_an_event_type_that_is_gone_stays_deployed_until_it_is_removed_and_its_data_stay_after_that(
    fresh: EmbeddedStack, own: Path
) -> None:
    put(fresh, own, 60, seed=2)
    fresh.settle()
    planned = plan(own)
    with pytest.raises(CallerError, match="conversion is in the schema folder"):
        removal.remove(fresh, planned, ["conversion"])
    shutil.rmtree(own / "conversion")
    (leftover,) = deploy(fresh, schemas=own).leftovers
    assert (leftover.event_type, leftover.stack) == ("conversion", "wavetank-conversion")
    assert leftover.at_rest.keys() >= {"chunks/conversion/", "parts/event=conversion/"}
    assert "deploy --remove conversion" in str(leftover)
    planned = plan(own)
    with pytest.raises(CallerError, match="no stack of an event type tide"):
        removal.remove(fresh, planned, ["tide"])
    with fresh.faults.error_before("lambda.invoke", match={"function": "wavetank-conversion-processor"}):
        fresh.client("kinesis").put_record(StreamName="wavetank-conversion-raw", Data=b"x", PartitionKey="x")
        with pytest.raises(DeployFailed, match="not delivered yet: wavetank-conversion"):
            removal.remove(fresh, planned, ["conversion"])
    fresh.settle()
    (removed,) = removal.remove(fresh, planned, ["conversion"])
    assert removed.at_rest.keys() >= leftover.at_rest.keys()
    assert "wavetank-conversion-raw" not in fresh.client("kinesis").list_streams()["StreamNames"]
    assert deploy(fresh, schemas=own).leftovers == ()


def test_a_stream_is_replaced_with_what_is_on_it_only_where_that_is_allowed(
    fresh: EmbeddedStack, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Names, "raw_stream", lambda names, event_type: f"{names.prefix}-{event_type}-other-raw")
    kinesis = fresh.client("kinesis")
    before = kinesis.list_streams()["StreamNames"]
    with pytest.raises(DeployFailed, match=r"ClickRawStream .*would be replaced: what is on it would be lost"):
        deploy(fresh, schemas=own)
    assert kinesis.list_streams()["StreamNames"] == before
    deploy(fresh, schemas=own, allow_replacement=True)
    assert "wavetank-click-other-raw" in kinesis.list_streams()["StreamNames"]
