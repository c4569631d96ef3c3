"""A deployment is brought up to date, and changes nothing that was not asked for."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wavetank.emulator.deploy.deploy import deploy
from wavetank.emulator.errors import DeployFailed
from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.pipeline import topology
from wavetank.pipeline.names import NAMES, PROJECT
from wavetank.pipeline.template.functions import DEAD_RETENTION_S
from wavetank.pipeline.template.render import render, whole
from wavetank.scenarios.client import at_rest
from wavetank.scenarios.client.at_rest import Layer
from wavetank.scenarios.client.producer import Producer, Sender
from wavetank.scenarios.oracle.history import Value
from wavetank.scenarios.oracle.promises import CHUNK_BUFFER, SHARDS
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.workload.synthetic import WorkloadEvent, synthetic

pytestmark = pytest.mark.stack

START = datetime(2024, 5, 6, 7, tzinfo=UTC)


def schedules(stack: EmbeddedStack) -> set[str]:
    return {rule["State"] for rule in stack.client("events").list_rules(NamePrefix="wavetank-")["Rules"]}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A schema folder that a test may change."""
    return Path(shutil.copytree("schemas", tmp_path_factory.mktemp("schemas") / "schemas"))


TAKEN = f"{PROJECT}-click-raw"
"""A name that somebody has taken before the first deployment."""
STRAY_TIMEOUT_S = 33


@dataclass(frozen=True)
class Deployed:
    """A stack with that folder deployed, at the second attempt; `refusal` is what the first one said."""

    stack: EmbeddedStack
    refusal: str


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory, own: Path) -> Iterator[Deployed]:
    """A deployment that could not be made at first."""
    home = Home(tmp_path_factory.mktemp("home"), Home.from_environment().cache)
    with EmbeddedStack.up(home=home) as stack:
        kinesis = stack.client("kinesis")
        kinesis.create_stream(StreamName=TAKEN, ShardCount=1)
        with pytest.raises(DeployFailed) as refusal:
            deploy(stack, schemas=own)
        kinesis.delete_stream(StreamName=TAKEN)
        deploy(stack, schemas=own)
        yield Deployed(stack, str(refusal.value))


@pytest.fixture(scope="module")
def fresh(second: Deployed) -> EmbeddedStack:
    """A stack with that folder deployed."""
    return second.stack


def shards(stack: EmbeddedStack) -> int:
    summary = stack.client("kinesis").describe_stream_summary(StreamName=TAKEN)
    return int(summary["StreamDescriptionSummary"]["OpenShardCount"])


def test_a_deployment_that_could_not_be_made_says_why_and_is_made_when_it_can_be(second: Deployed) -> None:
    assert "CloudFormation ended with ROLLBACK_COMPLETE" in second.refusal
    assert "ClickRawStream (AWS::Kinesis::Stream)" in second.refusal
    assert TAKEN in second.refusal
    assert shards(second.stack) == SHARDS


def test_an_update_that_fails_is_told_of_and_the_next_good_one_is_made(fresh: EmbeddedStack, own: Path) -> None:
    templates = render(topology.load(own))
    templates[NAMES.component_stack("click")]["Resources"]["ClickRawStream"]["Properties"]["ShardCount"] = 5 * SHARDS
    for _ in range(2):
        with pytest.raises(DeployFailed, match="UPDATE_ROLLBACK_COMPLETE") as refusal:
            deploy(fresh, schemas=own, templates=templates)
        assert "RawStream (AWS::Kinesis::Stream): " in str(refusal.value)
    assert shards(fresh) == SHARDS
    buffer_s = int(CHUNK_BUFFER.total_seconds()) + 17
    settings = own / "click" / "component.toml"
    settings.write_text(f"[stream]\nshards = {SHARDS + 1}\n[delivery]\nbuffer_s = {buffer_s}\n")
    deploy(fresh, schemas=own)
    assert shards(fresh) == SHARDS + 1
    firehose, name = fresh.client("firehose"), NAMES.delivery_stream("click")
    described = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
    hints = described["Destinations"][0]["ExtendedS3DestinationDescription"]["BufferingHints"]
    assert hints["IntervalInSeconds"] == buffer_s
    settings.unlink()
    deploy(fresh, schemas=own)
    assert shards(fresh) == SHARDS


def test_what_is_not_as_the_template_says_is_named(fresh: EmbeddedStack, own: Path) -> None:
    lambda_, sqs = fresh.client("lambda"), fresh.client("sqs")
    timeout = lambda_.get_function_configuration(FunctionName=NAMES.planner)["Timeout"]
    lambda_.update_function_configuration(FunctionName=NAMES.planner, Timeout=STRAY_TIMEOUT_S)
    queue = sqs.get_queue_url(QueueName=NAMES.dead_merges)["QueueUrl"]
    sqs.delete_queue(QueueUrl=queue)
    with pytest.raises(DeployFailed) as refusal:
        deploy(fresh, schemas=own)
    assert f"Planner (AWS::Lambda::Function): /Timeout is {STRAY_TIMEOUT_S}, not {timeout}" in str(refusal.value)
    assert "DeadMergeQueue (AWS::SQS::Queue) is not there" in str(refusal.value)
    lambda_.get_waiter("function_updated_v2").wait(FunctionName=NAMES.planner, WaiterConfig={"Delay": 0.05})
    lambda_.update_function_configuration(FunctionName=NAMES.planner, Timeout=timeout)
    attributes = {"MessageRetentionPeriod": str(DEAD_RETENTION_S), "SqsManagedSseEnabled": "true"}
    listed = whole(topology.load(own))["Resources"]["DeadMergeQueue"]["Properties"]["Tags"]
    tags = {tag["Key"]: tag["Value"] for tag in listed}
    sqs.create_queue(QueueName=NAMES.dead_merges, Attributes=attributes, tags=tags)
    deploy(fresh, schemas=own)


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
        versions = sorted((own / "click").glob(f"{role}.v?.avsc"))
        newer = json.loads(versions[-1].read_text())
        newer["fields"].append({"name": "placement", "type": ["null", "string"], "default": None})
        (own / "click" / f"{role}.v{len(versions) + 1}.avsc").write_text(json.dumps(newer))
    site = Site(fresh, deploy(fresh, schemas=own).topology, own)
    clicks(site, seed=2, placement="top")
    for layer in (Layer.AVRO, Layer.PARQUET):
        merged = [row for file in at_rest.files(site.s3, site.data_bucket, (layer,)) for row in file.records()]
        assert {row["placement"] for row in merged} == {None, "top"}, layer


def test_published_versions_that_break_a_rule_are_warned_of_and_go_on_being_served(
    fresh: EmbeddedStack, own: Path
) -> None:
    s3, bucket = fresh.client("s3"), NAMES.registry_bucket(fresh.account)
    schema = json.loads((own / "impression" / "raw.v1.avsc").read_text())
    for version, avro in ((2, {"type": "long", "logicalType": "timestamp-millis"}), (3, "long")):
        fields = [{"name": name, "type": ["null", avro], "default": None} for name in ("at", "since")[: version - 1]]
        text = json.dumps(schema | {"fields": [*schema["fields"], *fields]})
        (own / "impression" / f"raw.v{version}.avsc").write_text(text)
        s3.put_object(Bucket=bucket, Key=f"schemas/impression/raw/v{version}.avsc", Body=text.encode())
    (warning,) = deploy(fresh, schemas=own).warnings
    assert "raw.v3.avsc: field at: was timestamp-millis in raw.v2 and is long without a logical type" in warning
    index = json.loads(s3.get_object(Bucket=bucket, Key="schemas/impression/index.json")["Body"].read())
    assert sorted(index["schemas"]["raw"].values()) == [1, 2, 3]
