"""Every property that a template may change is changed, replaces its resource or is refused, as its reference says."""

import io
import json
import re
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.parity.cloudformation_kit import Formation, resource
from tests.parity.cloudformation_rows import SOURCE, Given, Place, Row, rows, support
from wavetank.emulator.cloudformation import resources
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

GONE = re.compile("NotFound|NoSuch|does ?not ?exist|NonExistent|404", re.IGNORECASE)
UNTRIED = {
    ("AWS::Lambda::Function", "PackageType"): "it is Zip; functions from images are not run",
    (
        "AWS::KinesisFirehose::DeliveryStream",
        "HttpEndpointDestinationConfiguration",
    ): "it needs an endpoint to deliver to",
    ("AWS::Lambda::Function", "VpcConfig"): "there are no networks; it is stored as it comes",
}
CODE = "Code"
"""A service gives back only the hash of it."""


class Round:
    """What CloudFormation has made of one version of the template."""

    def __init__(self, formation: Formation, status: str, table: Mapping[str, Row]) -> None:
        self.status = status
        self.drifts = formation.drifts()
        self.physical = formation.physical()
        self.described = {
            name: dict(row.describe(formation.stack, self.physical[name])) for name, row in table.items() if row.first
        }


class Updates:
    """One stack with everything in it, in three versions one after another."""

    def __init__(self, stack: EmbeddedStack) -> None:
        self.stack = stack
        self.place = prepared(stack)
        self.table = rows(self.place)
        self.support, self.formation = Formation(stack), Formation(stack)
        self.support.create(support(self.place.prefix))
        self.first = Round(self.formation, self.formation.create(self.template(0)), self.table)
        self.second = Round(self.formation, self.formation.update(self.template(1)), self.table)
        self.third = Round(self.formation, self.formation.update(self.template(2)), self.table)

    def template(self, version: int) -> dict[str, Any]:
        """The resources of a version: as they are first, changed, and with what can be removed removed."""
        resources: dict[str, Any] = {}
        for name, row in self.table.items():
            changes = (row.first, row.second, row.third)[version]
            if row.first:
                resources[name] = {"Type": row.type, "Properties": {**row.always, **changes}}
            for replaced, values in row.replaced.items():
                value = values[min(version, 1)]
                given = value if isinstance(value, Given) else {replaced: value}
                properties = {**row.always, **row.third, **given}
                present = {key: part for key, part in properties.items() if part is not None}
                resources[f"{name}By{replaced}"] = {"Type": row.type, "Properties": present}
        return resources


@pytest.fixture(scope="module")
def updates(stack: EmbeddedStack) -> Iterator[Updates]:
    """The three versions, made."""
    made = Updates(stack)
    yield made
    for formation in (made.formation, made.support):
        formation.delete()


@pytest.fixture(scope="module")
def table() -> dict[str, Row]:
    """The rows, without a stack."""
    return rows(Place("prefix", ["", ""], ["", ""], ["", ""]))


def prepared(stack: EmbeddedStack) -> Place:
    """What a template can refer to but is not made by one here."""
    prefix = f"updates-{uuid.uuid4().hex[:6]}"
    sqs, s3, lambda_ = (stack.client(name) for name in ("sqs", "s3", "lambda"))
    policed = [sqs.create_queue(QueueName=f"{prefix}-policed-{name}")["QueueUrl"] for name in ("one", "two")]
    for watched in ("one", "two"):
        stack.client("cloudwatch").put_metric_alarm(
            AlarmName=f"{prefix}-watched-{watched}",
            Namespace="N",
            MetricName="M",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
    for bus in ("bus-1", "bus-2"):
        stack.client("events").create_event_bus(Name=f"{prefix}-{bus}")
    layers = []
    for name in ("code", "moved"):
        s3.create_bucket(Bucket=f"{prefix}-{name}")
    for name in ("one", "two"):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as package:
            package.writestr("index.py", SOURCE.format(name))
        s3.put_object(Bucket=f"{prefix}-code", Key=f"{name}.zip", Body=archive.getvalue())
        layer = lambda_.publish_layer_version(
            LayerName=f"{prefix}-layer-{name}", Content={"ZipFile": archive.getvalue()}
        )
        layers.append(layer["LayerVersionArn"])
    profile = "arn:aws:signer:us-east-1:000000000000:/signing-profiles/test"
    signing = [
        lambda_.create_code_signing_config(AllowedPublishers={"SigningProfileVersionArns": [profile]})[
            "CodeSigningConfig"
        ]["CodeSigningConfigArn"]
        for _ in range(2)
    ]
    return Place(prefix, policed, layers, signing)


def differing(expected: Mapping[str, Any], described: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The properties that are not as they were asked for: what was asked, and what there is."""
    return {
        name: (value, described.get(name))
        for name, value in expected.items()
        if name != CODE and not fits(value, described.get(name))
    }


def fits(asked: Any, there: Any) -> bool:
    """Whether what there is has everything that was asked for; the service may say more."""
    if isinstance(asked, dict) and isinstance(there, dict):
        return all(fits(value, there.get(name)) for name, value in asked.items())
    if isinstance(asked, list) and isinstance(there, list):
        return len(asked) == len(there) and all(map(fits, asked, there))
    return asked == there or (not asked and not there and asked is not False)


def test_resources_are_made_as_asked(updates: Updates) -> None:
    assert updates.first.status == "CREATE_COMPLETE"
    wrong = {
        name: differing(row.first, updates.first.described[name]) for name, row in updates.table.items() if row.first
    }
    assert {name: properties for name, properties in wrong.items() if properties} == {}


def test_every_change_is_made_in_place(updates: Updates) -> None:
    assert updates.second.status == "UPDATE_COMPLETE"
    wrong = {
        name: differing(row.second, updates.second.described[name]) for name, row in updates.table.items() if row.first
    }
    assert {name: properties for name, properties in wrong.items() if properties} == {}
    replaced = [name for name in wrong if updates.first.physical[name] != updates.second.physical[name]]
    assert replaced == []


def test_other_code_is_deployed(updates: Updates) -> None:
    rounds = (updates.first, updates.second, updates.third)
    assert len({each.described["FunctionUnderTest"][CODE] for each in rounds}) == len(rounds)


def test_what_is_removed_from_the_template_is_as_if_it_had_never_been_there(updates: Updates) -> None:
    assert updates.third.status == "UPDATE_COMPLETE"
    wrong = {
        name: differing({**row.third, **row.default}, updates.third.described[name])
        for name, row in updates.table.items()
        if row.first
    }
    assert {name: properties for name, properties in wrong.items() if properties} == {}


def test_a_change_of_a_property_that_is_set_at_creation_replaces_the_resource(updates: Updates) -> None:
    ids = [f"{name}By{replaced}" for name, row in updates.table.items() for replaced in row.replaced]
    same = [each for each in ids if updates.first.physical[each] == updates.second.physical[each]]
    # The id of a bucket's policy is the bucket, and an alarm's or a rule's its name: those that change are another's.
    assert same == []


def test_what_was_replaced_is_gone(updates: Updates) -> None:
    left = []
    for name, row in updates.table.items():
        for replaced in row.replaced:
            physical = updates.first.physical[f"{name}By{replaced}"]
            if there(row, updates.stack, physical):
                left.append((name, replaced, physical))
    assert left == []


def there(row: Row, stack: EmbeddedStack, physical: str) -> bool:
    """Whether the service still has the resource."""
    try:
        row.describe(stack, physical)
    except LookupError:
        return False
    except ClientError as error:
        if GONE.search(str(error)):
            return False
        raise
    return True


def test_what_cloudformation_has_made_has_not_drifted(updates: Updates) -> None:
    assert [each.drifts for each in (updates.first, updates.second, updates.third)] == [{}, {}, {}]


def test_a_stream_becomes_provisioned_again(updates: Updates) -> None:
    assert updates.third.described["Mode"]["StreamModeDetails"] == {"StreamMode": "PROVISIONED"}


@pytest.mark.parametrize("kind", resources.TYPES)
def test_the_table_has_every_property_that_is_emulated(table: dict[str, Row], kind: str) -> None:
    emulated = resources.find(kind)
    assert emulated is not None
    tried = {name for row in table.values() if row.type == kind for name in row.properties}
    assert {name for name in emulated.schema.supported - tried if (kind, name) not in UNTRIED} == set()


@pytest.mark.parametrize("mode", ["create", "update"])
def test_shards_of_a_stream_on_demand_are_refused(stack: EmbeddedStack, mode: str) -> None:
    formation = Formation(stack)
    on_demand = resource("Kinesis::Stream", {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}, "ShardCount": 2})
    if mode == "create":
        assert formation.create({"Stream": on_demand}) == "ROLLBACK_COMPLETE"
    else:
        assert formation.create({"Stream": resource("Kinesis::Stream", {"ShardCount": 1})}) == "CREATE_COMPLETE"
        assert formation.update({"Stream": on_demand}) == "UPDATE_ROLLBACK_COMPLETE"
    assert "ShardCount is not expected when StreamMode=ON_DEMAND" in json.dumps(formation.events())
    formation.delete()
