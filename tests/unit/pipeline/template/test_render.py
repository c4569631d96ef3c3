"""The template follows from the topology, hangs together, and allows no more than is used."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.pipeline.test_topology import add_event
from wavetank.pipeline.components.read import read_project
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.template.render import MOST_BYTES, compact, render, whole
from wavetank.pipeline.template.rights import resolved, rights_of
from wavetank.pipeline.template.split import referenced
from wavetank.pipeline.topology import load

ACCOUNT = "123456789012"
PSEUDO = {"AWS::AccountId", "AWS::Region", "AWS::Partition"}


@pytest.fixture
def template(root: Path) -> dict[str, Any]:
    return whole(load(root / "schemas"))


def walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


def test_every_reference_leads_to_a_resource_or_parameter_of_its_stack(root: Path) -> None:
    for template in render(load(root / "schemas")).values():
        names = set(template["Resources"]) | set(template["Parameters"]) | PSEUDO
        referred = {node["Ref"] for node in walk(template) if "Ref" in node}
        referred |= {node["Fn::GetAtt"][0] for node in walk(template) if "Fn::GetAtt" in node}
        texts = [node["Fn::Sub"] for node in walk(template) if "Fn::Sub" in node]
        referred |= {name for text in texts for name in re.findall(r"\$\{([A-Za-z0-9:]+)(?:\.Arn)?\}", text)}
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


def test_a_new_folder_brings_streams_function_log_delivery_and_alarms(tmp_path: Path) -> None:
    add_event(tmp_path, "page-view")
    resources = render(load(tmp_path))["wavetank-page-view"]["Resources"]
    apart = ("AWS::Logs::MetricFilter", "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    assert {name for name, each in resources.items() if each["Type"] not in apart} == {
        "PageViewRawStream",
        "PageViewProcessedStream",
        "PageViewProcessor",
        "PageViewProcessorLogs",
        "PageViewProcessorRole",
        "PageViewSource",
        "PageViewDelivery",
        "PageViewDeliveryRole",
    }
    assert "PageViewBehindAlarm" in resources


LONGEST_EVENT_NAME = 32
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
Templates = dict[str, dict[str, Any]]


def with_event_types(folder: Path, count: int, longest: bool = False) -> Templates:
    for number in range(count):
        add_event(folder, f"event-{number:03}".ljust(LONGEST_EVENT_NAME if longest else 0, "x"))
    return render(load(folder))


def properties_of(templates: Templates, kind: str) -> list[dict[str, Any]]:
    return [properties for template in templates.values() for properties in of_type(template, kind)]


def test_each_stack_keeps_to_the_limits_of_cloudformation_with_a_hundred_event_types(tmp_path: Path) -> None:
    templates = with_event_types(tmp_path, 100, longest=True)
    assert len(templates) == 103
    for name, template in templates.items():
        assert len(compact(name, template).encode()) <= MOST_BYTES
        for section, most in MOST.items():
            assert len(template.get(section, {})) <= most
            assert all(key.isalnum() and len(key) <= LONGEST_LOGICAL_ID for key in template.get(section, {}))


def test_more_than_cloudformation_takes_in_a_stack_is_refused_with_the_rule() -> None:
    resources = {f"Topic{number}": {"Type": "AWS::SNS::Topic"} for number in range(501)}
    with pytest.raises(ConfigurationError, match=r"stack big has 501 resources and .*CloudFormation takes 500 and 1,0"):
        compact("big", {"Resources": resources})


def test_names_are_as_short_as_their_services_ask_for(tmp_path: Path) -> None:
    names = [
        (key, text.replace("${AWS::AccountId}", "0" * 12))
        for template in with_event_types(tmp_path, 1, longest=True).values()
        for node in walk(template["Resources"])
        for key, value in node.items()
        if key in LONGEST_NAMES and isinstance(text := value.get("Fn::Sub") if isinstance(value, dict) else value, str)
    ]
    assert names
    assert not [(key, name) for key, name in names if len(name) > LONGEST_NAMES[key]]


def test_the_environment_of_a_function_is_as_small_as_lambda_asks_for(tmp_path: Path) -> None:
    functions = properties_of(with_event_types(tmp_path, 58, longest=True), "AWS::Lambda::Function")
    assert max(len(json.dumps(each["Environment"]["Variables"])) for each in functions) <= LONGEST_VARIABLES


def test_as_a_command_it_prints_every_template_or_writes_those_of_every_stage(root: Path, tmp_path: Path) -> None:
    def rendered(*arguments: str) -> str:
        command = [sys.executable, "-m", "wavetank.scenarios.cli", "template", *arguments]
        return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout

    one_line, pretty = rendered(), rendered("--pretty")
    templates = render(load(root / "schemas"))
    assert one_line.count("\n") == len(templates) < pretty.count("\n")
    assert json.loads(one_line) == json.loads(pretty) == templates
    rendered("--to", str(tmp_path))
    project = read_project(root)
    every = [render(load(root / "schemas", stage)) for stage in (None, *project.stages)]
    written = {path.stem: json.loads(path.read_text()) for path in tmp_path.iterdir()}
    assert written == {name: template for stage in every for name, template in stage.items()}


@pytest.mark.parametrize("stage", [None, "staging"])
def test_no_stack_imports_from_another_and_each_reference_means_what_it_did_in_the_whole(
    tmp_path: Path, stage: str | None
) -> None:
    (tmp_path / "wavetank.toml").write_text("[stages.staging]\n")
    for name in ("click", "page-view"):
        add_event(tmp_path / "schemas", name)
    deployed = load(tmp_path / "schemas", stage)
    everything = whole(deployed)

    def meant(template: dict[str, Any]) -> dict[tuple[str, str], set[str]]:
        """Resources of rights by holder and action, with ARNs in the place of references."""
        given: dict[tuple[str, str], set[str]] = {}
        for right in rights_of(template):
            at = resolved(right.resource, template, ACCOUNT, "eu-west-1")
            given.setdefault((right.holder, right.action), set()).add(at)
        return given

    parts = render(deployed)
    assert "Fn::ImportValue" not in json.dumps(parts)
    assert {k: v for part in parts.values() for k, v in meant(part).items()} == meant(everything)
    for part in parts.values():
        named = set(referenced([part["Resources"], part.get("Conditions")])) - part["Resources"].keys() - PSEUDO
        assert set(part["Parameters"]) == named


def test_a_change_of_one_event_type_changes_the_template_of_its_stack_alone(tmp_path: Path) -> None:
    for name in ("click", "page-view"):
        add_event(tmp_path, name)
    rule = tmp_path / "click" / "enrichment.json"
    rule.write_text('{"reference": "places", "on": "place", "add": ["land"]}')
    before = render(load(tmp_path))
    rule.write_text('{"reference": "places", "on": "place", "add": ["city"]}')
    after = render(load(tmp_path))
    assert [name for name in after if after[name] != before[name]] == ["wavetank-click"]


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
        "cloudwatch.amazonaws.com",
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
    kinds = {type(value) for node in walk(template) for value in node.values()}
    assert kinds <= {dict, list, str, int, float, bool}, "a member of an enum is no text to what changes the template"
