"""Settings of components on a stack: each does what it says, tags are on all, and what would do harm is refused."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.unit.pipeline.components.settings import EVERY_SETTING, ON_DEMAND
from wavetank.emulator.deploy.deploy import deploy
from wavetank.emulator.errors import DeployFailed
from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.pipeline.components.guards import Acceptance
from wavetank.pipeline.names import NAMES
from wavetank.pipeline.template.render import whole
from wavetank.pipeline.topology import load
from wavetank.scenarios.client import at_rest
from wavetank.scenarios.drills.catalogue import catalogue
from wavetank.scenarios.oracle.evidence import Verdict
from wavetank.scenarios.run.report import Report
from wavetank.scenarios.run.runner import Runner
from wavetank.scenarios.site.site import Site

pytestmark = pytest.mark.stack

SEED = 5
PROJECT = 'name = "shop"\n[defaults]\nowner = "platform"\n'


@dataclass(frozen=True)
class Deployed:
    """A project in which every setting of every event type is another than by default, and its control drill."""

    site: Site
    report: Report

    @property
    def stack(self) -> Any:
        return self.site.stack

    def click(self, settings: str) -> Path:
        """The schema folder, once the clicks have these settings."""
        (self.site.schemas / "click" / "component.toml").write_text(settings)
        return self.site.schemas


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("project")
    schemas = Path(shutil.copytree(root / "schemas", folder / "schemas"))
    (folder / "wavetank.toml").write_text(PROJECT)
    for name in ("click", "conversion", "impression"):
        (schemas / name / "component.toml").write_text(EVERY_SETTING)
    with EmbeddedStack.up(home=Home(folder / "home", Home.from_environment().cache)) as stack:
        site = Site.deployed_on(stack, schemas=schemas)
        report, _ = Runner(site, folder / "runs").run(catalogue()["control"], SEED, None)
        yield Deployed(site, report)


@pytest.fixture(autouse=True)
def _as_it_was(deployed: Deployed) -> Iterator[None]:
    """The folder as it was deployed, before and after each test."""
    deployed.click(EVERY_SETTING)
    yield
    deployed.click(EVERY_SETTING)


def test_with_every_setting_another_than_by_default_the_control_passes(deployed: Deployed) -> None:
    assert [f"{finding.checker}: {finding.detail}" for finding in deployed.report.not_passed] == []
    assert deployed.report.verdict is Verdict.PASS
    buckets = {
        key.split("bucket=")[1][:2] for key in at_rest.keys(deployed.site.s3, deployed.site.data_bucket, "avro/")
    }
    assert buckets == {"00", "01", "02"}


def test_the_services_have_the_settings(deployed: Deployed) -> None:
    stack = deployed.stack
    for stream in (NAMES.raw_stream("click"), NAMES.processed_stream("click")):
        summary = stack.client("kinesis").describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
        assert (summary["OpenShardCount"], summary["RetentionPeriodHours"]) == (3, 48)
    function = stack.client("lambda").get_function(FunctionName=NAMES.processor("click"))
    assert (function["Configuration"]["MemorySize"], function["Configuration"]["Timeout"]) == (640, 90)
    assert function["Concurrency"]["ReservedConcurrentExecutions"] == 12
    [source] = stack.client("lambda").list_event_source_mappings(FunctionName=NAMES.processor("click"))[
        "EventSourceMappings"
    ]
    assert (source["BatchSize"], source["MaximumBatchingWindowInSeconds"]) == (50, 2)
    assert (source["ParallelizationFactor"], source["MaximumRecordAgeInSeconds"]) == (4, 20 * 3600)
    delivery = stack.client("firehose").describe_delivery_stream(DeliveryStreamName=NAMES.delivery_stream("click"))
    hints = delivery["DeliveryStreamDescription"]["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert hints["BufferingHints"] == {"SizeInMBs": 7, "IntervalInSeconds": 75}
    cloudwatch, prefix = stack.client("cloudwatch"), f"arn:aws:sns:{stack.region}:{stack.account}:"
    [behind] = cloudwatch.describe_alarms(AlarmNames=[f"{NAMES.processor('click')}-behind"])["MetricAlarms"]
    [stopped] = cloudwatch.describe_alarms(
        AlarmNames=[f"{NAMES.prefix}-click-data-stopped"], AlarmTypes=["CompositeAlarm"]
    )["CompositeAlarms"]
    assert behind["Threshold"] == 30 * 60 * 1000
    for alarm, severity, known, address in (
        (behind, "warn", "mail", "checkout@example.com"),
        (stopped, "page", "pager", "on-call@example.com"),
    ):
        topic = f"{prefix}{NAMES.alarm_topic('click', severity)}"
        assert set(alarm["AlarmActions"]) == {f"arn:aws:sns:us-east-1:123456789012:{known}", topic}
        [mail] = stack.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        assert (mail["Protocol"], mail["Endpoint"]) == ("email", address)


def test_services_carry_the_tags_that_the_template_gives(deployed: Deployed) -> None:
    """Read back from each service: the tagging API for most, IAM and Lambda for what that does not list."""
    stack = deployed.stack
    pages = stack.client("resourcegroupstaggingapi").get_paginator("get_resources").paginate()
    listed = {
        each["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in each["Tags"]}
        for page in pages
        for each in page["ResourceTagMappingList"]
    }
    resources = whole(load(deployed.site.schemas))["Resources"]
    cloudformation = stack.client("cloudformation").get_paginator("list_stack_resources")
    event_types = [event.name for event in deployed.site.topology.events]
    ids = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for name in (NAMES.shared_stack, *map(NAMES.component_stack, event_types))
        for page in cloudformation.paginate(StackName=name)
        for each in page["StackResourceSummaries"]
    }
    seen = set()
    for name, resource in resources.items():
        expected = {tag["Key"]: tag["Value"] for tag in resource["Properties"].get("Tags", ())}
        if not expected:
            continue
        seen.add(resource["Type"])
        match resource["Type"]:
            case "AWS::IAM::Role":
                tags = stack.client("iam").list_role_tags(RoleName=ids[name])["Tags"]
                actual = {tag["Key"]: tag["Value"] for tag in tags}
            case "AWS::Lambda::EventSourceMapping":
                arn = f"arn:aws:lambda:{stack.region}:{stack.account}:event-source-mapping:{ids[name]}"
                actual = stack.client("lambda").list_tags(Resource=arn)["Tags"]
            case _:
                last = ids[name].rstrip("/").rpartition("/")[2].rpartition(":")[2]
                kind = resource["Type"].split("::")[1].lower().replace("kinesisfirehose", "firehose")
                [actual] = [tags for arn, tags in listed.items() if _is(arn, kind, last)]
        assert {key: value for key, value in actual.items() if not key.startswith("aws:")} == expected, name
    assert seen == {
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::CompositeAlarm",
        "AWS::Events::Rule",
        "AWS::IAM::Role",
        "AWS::Kinesis::Stream",
        "AWS::KinesisFirehose::DeliveryStream",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
    }


def _is(arn: str, kind: str, name: str) -> bool:
    service, last = arn.split(":")[2], arn.rpartition(":")[2].rpartition("/")[2]
    return service.replace("monitoring", "cloudwatch") == kind and last == name


def test_hash_buckets_are_refused_once_data_are_at_rest_and_nothing_was_changed(deployed: Deployed) -> None:
    before = deployed.site.variables(NAMES.partitioner)
    with pytest.raises(DeployFailed, match="click: hash_buckets cannot change from 3 to 4 while data are at rest"):
        deploy(deployed.stack, schemas=deployed.click(EVERY_SETTING.replace("hash_buckets = 3", "hash_buckets = 4")))
    assert deployed.site.variables(NAMES.partitioner) == before


def test_a_look_back_is_changed_when_that_is_accepted(deployed: Deployed) -> None:
    longer = EVERY_SETTING.replace("look_back_hours = 6", "look_back_hours = 9")
    with pytest.raises(DeployFailed, match=r"changes what is one event.*with --accept-look-back it is done"):
        deploy(deployed.stack, schemas=deployed.click(longer))
    deploy(deployed.stack, schemas=deployed.click(longer), accepted=[Acceptance.LOOK_BACK])
    assert json.loads(deployed.site.variables(NAMES.planner)["LOOK_BACK_HOURS_BY_EVENT"])["click"] == 9
    deploy(deployed.stack, schemas=deployed.click(EVERY_SETTING), accepted=[Acceptance.LOOK_BACK])


def test_what_runs_is_asked_where_a_deployment_was_cut_short(deployed: Deployed) -> None:
    """The document that is kept is of the deployment before: the settings are those of the functions all the same."""
    key, bucket = "components/click.json", deployed.site.registry_bucket
    kept = deployed.site.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    stale = json.loads(kept) | {"hash_buckets": 8}
    deployed.site.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(stale).encode())
    deploy(deployed.stack, schemas=deployed.click(EVERY_SETTING))
    assert deployed.site.s3.get_object(Bucket=bucket, Key=key)["Body"].read() == kept


def test_a_stream_becomes_on_demand_and_provisioned_again(deployed: Deployed) -> None:
    kinesis = deployed.stack.client("kinesis")
    for settings, mode in ((ON_DEMAND, "ON_DEMAND"), (EVERY_SETTING, "PROVISIONED")):
        deploy(deployed.stack, schemas=deployed.click(settings))
        summary = kinesis.describe_stream_summary(StreamName=NAMES.raw_stream("click"))["StreamDescriptionSummary"]
        assert summary["StreamModeDetails"] == {"StreamMode": mode}
        assert summary["OpenShardCount"] == 3


def test_an_event_type_that_is_none_any_more_and_comes_back_is_known_by_what_was_kept(deployed: Deployed) -> None:
    """What is at rest of it stays, and so do its stack and its buckets: chunks of it may still be partitioned."""
    folder, aside = deployed.site.schemas / "conversion", deployed.site.schemas.parent / "conversion"
    shutil.move(folder, aside)
    try:
        deploy(deployed.stack, schemas=deployed.site.schemas)
        variables = deployed.site.variables(NAMES.partitioner)["HASH_BUCKETS_BY_EVENT"]
        assert json.loads(variables)["conversion"] == 3
        assert deployed.site.variables(NAMES.processor("conversion"))
    finally:
        shutil.move(aside, folder)
    (folder / "component.toml").write_text("")
    with pytest.raises(DeployFailed, match="conversion: hash_buckets cannot change from 3 to 2"):
        deploy(deployed.stack, schemas=deployed.site.schemas)
    (folder / "component.toml").write_text(EVERY_SETTING)
    deploy(deployed.stack, schemas=deployed.site.schemas)
