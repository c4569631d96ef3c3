"""The template follows from the topology, hangs together, and allows no more than is used."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.pipeline.test_topology import add_event
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.template.render import compact, render
from wavetank.pipeline.topology import load

PSEUDO = {"AWS::AccountId", "AWS::Region", "AWS::Partition"}


@pytest.fixture
def template(root: Path) -> dict[str, Any]:
    return render(load(root / "schemas"))


def walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


def test_every_reference_leads_to_a_resource_or_parameter(template: dict[str, Any]) -> None:
    names = set(template["Resources"]) | set(template["Parameters"]) | PSEUDO
    referred = {node["Ref"] for node in walk(template) if "Ref" in node}
    referred |= {node["Fn::GetAtt"][0] for node in walk(template) if "Fn::GetAtt" in node}
    assert referred <= names


def test_no_statement_allows_a_wildcard_action(template: dict[str, Any]) -> None:
    actions = [
        action
        for node in walk(template["Resources"])
        if node.get("Effect") == "Allow"
        for action in ([node["Action"]] if isinstance(node["Action"], str) else node["Action"])
    ]
    assert actions
    assert not [action for action in actions if "*" in action]


def test_only_listing_streams_is_allowed_on_every_resource(template: dict[str, Any]) -> None:
    everywhere = [node["Action"] for node in walk(template) if node.get("Resource") == ["*"]]
    assert all(actions == ["kinesis:ListStreams"] for actions in everywhere)


def test_a_new_folder_brings_streams_function_delivery_and_alarm(tmp_path: Path) -> None:
    add_event(tmp_path, "page-view")
    resources = render(load(tmp_path))["Resources"]
    assert {name for name in resources if name.startswith("PageView")} == {
        "PageViewRawStream",
        "PageViewProcessedStream",
        "PageViewProcessor",
        "PageViewProcessorRole",
        "PageViewSource",
        "PageViewDelivery",
        "PageViewDeliveryRole",
        "PageViewBehindAlarm",
    }


LONGEST_EVENT_NAME = 32
INLINE_BYTES = 51_200
BYTES = 1_000_000
MOST = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}
LONGEST_LOGICAL_ID = 255
LONGEST_NAMES = {
    "RoleName": 64,
    "FunctionName": 64,
    "LayerName": 64,
    "DeliveryStreamName": 64,
    "Name": 64,
    "QueueName": 80,
    "BucketName": 63,
    "TopicName": 256,
    "AlarmName": 255,
    "PolicyName": 128,
}
"""CloudFormation user guide, "Quotas", and the limits of each service; an event rule's name is the shortest `Name`."""
LONGEST_VARIABLES = 4096
"""Bytes of a function's environment (Lambda developer guide, "Quotas")."""


def with_event_types(folder: Path, count: int, longest: bool = False) -> dict[str, Any]:
    for number in range(count):
        add_event(folder, f"event-{number:03}".ljust(LONGEST_EVENT_NAME if longest else 0, "x"))
    return render(load(folder))


def test_it_keeps_to_the_limits_of_cloudformation(template: dict[str, Any]) -> None:
    assert len(compact(template).encode()) <= INLINE_BYTES
    for section, most in MOST.items():
        assert len(template.get(section, {})) <= most
        assert all(name.isalnum() and len(name) <= LONGEST_LOGICAL_ID for name in template.get(section, {}))


def test_the_text_of_a_hundred_event_types_is_short_enough_for_a_url(tmp_path: Path) -> None:
    text = json.dumps(with_event_types(tmp_path, 100, longest=True), separators=(",", ":"))
    assert INLINE_BYTES < len(text.encode()) <= BYTES


def test_more_event_types_than_cloudformation_takes_are_refused_with_the_rule(tmp_path: Path) -> None:
    assert len(with_event_types(tmp_path / "most", 58)["Resources"]) <= MOST["Resources"]
    with pytest.raises(ConfigurationError, match=r"resources and .* bytes; CloudFormation takes 500 and 1,000,000"):
        compact(with_event_types(tmp_path / "more", 59))


def test_names_are_as_short_as_their_services_ask_for(tmp_path: Path) -> None:
    names = [
        (key, text.replace("${AWS::AccountId}", "0" * 12))
        for node in walk(with_event_types(tmp_path, 1, longest=True)["Resources"])
        for key, value in node.items()
        if key in LONGEST_NAMES and isinstance(text := value.get("Fn::Sub") if isinstance(value, dict) else value, str)
    ]
    assert names
    assert not [(key, name) for key, name in names if len(name) > LONGEST_NAMES[key]]


def test_the_environment_of_a_function_is_as_small_as_lambda_asks_for(tmp_path: Path) -> None:
    resources = with_event_types(tmp_path, 58, longest=True)["Resources"].values()
    environments = [
        resource["Properties"]["Environment"] for resource in resources if resource["Type"] == "AWS::Lambda::Function"
    ]
    assert max(len(json.dumps(environment["Variables"])) for environment in environments) <= LONGEST_VARIABLES


def test_as_a_command_it_is_one_line_or_with_pretty_as_people_read_it(root: Path) -> None:
    def rendered(*arguments: str) -> str:
        command = [sys.executable, "-m", "wavetank.scenarios.cli", "template", *arguments]
        return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout

    one_line, pretty = rendered(), rendered("--pretty")
    assert one_line.count("\n") == 1 < pretty.count("\n")
    assert json.loads(one_line) == json.loads(pretty) == render(load(root / "schemas"))


BUCKETS = ("DataBucket", "RegistryBucket")


def of_type(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [resource["Properties"] for resource in template["Resources"].values() if resource["Type"] == kind]


def test_buckets_take_no_request_without_tls(template: dict[str, Any]) -> None:
    policies = of_type(template, "AWS::S3::BucketPolicy")
    assert {policy["Bucket"]["Ref"] for policy in policies} == set(BUCKETS)
    assert len(of_type(template, "AWS::S3::Bucket")) == len(BUCKETS)
    for policy in policies:
        (statement,) = policy["PolicyDocument"]["Statement"]
        arn = {"Fn::GetAtt": [policy["Bucket"]["Ref"], "Arn"]}
        assert statement["Effect"] == "Deny"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert statement["Resource"] == [arn, {"Fn::Sub": f"${{{policy['Bucket']['Ref']}.Arn}}/*"}]


def test_the_registry_keeps_what_was_overwritten(template: dict[str, Any]) -> None:
    registry = template["Resources"]["RegistryBucket"]["Properties"]
    assert registry["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = {rule["Id"]: rule for rule in registry["LifecycleConfiguration"]["Rules"]}
    assert rules["old-versions"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90, "NewerNoncurrentVersions": 10}
    assert not any("ExpirationInDays" in rule for rule in rules.values())


def test_services_act_for_this_account_alone(template: dict[str, Any]) -> None:
    """No service can be made to act here for another account (IAM user guide, "The confused deputy problem")."""
    account = {"Ref": "AWS::AccountId"}
    statements = [
        node
        for node in walk(template["Resources"])
        if "Service" in (p if isinstance(p := node.get("Principal"), dict) else {})
    ]
    assert {node["Principal"]["Service"] for node in statements} == {
        "lambda.amazonaws.com",
        "firehose.amazonaws.com",
        "s3.amazonaws.com",
    }
    assert all(node["Condition"]["StringEquals"] == {"aws:SourceAccount": account} for node in statements)
    of_a_bucket = [p for p in of_type(template, "AWS::Lambda::Permission") if p["Principal"] == "s3.amazonaws.com"]
    assert all(permission["SourceAccount"] == account for permission in of_a_bucket)
    assert all(permission["SourceArn"] for permission in of_type(template, "AWS::Lambda::Permission"))


def test_a_delivery_role_is_for_its_own_stream(template: dict[str, Any]) -> None:
    trust = template["Resources"]["ClickDeliveryRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]
    stream = template["Resources"]["ClickDelivery"]["Properties"]["DeliveryStreamName"]
    (arn,) = trust["Condition"]["ArnLike"].values()
    assert arn["Fn::Sub"].endswith(f":deliverystream/{stream}")


def test_it_is_plain_json(template: dict[str, Any]) -> None:
    assert json.loads(json.dumps(template)) == template
