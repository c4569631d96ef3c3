"""The rights that the template gives against the list of those that it may give."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wavetank.pipeline import topology
from wavetank.pipeline.names import NAMES
from wavetank.pipeline.template.logical import logical
from wavetank.pipeline.template.render import whole
from wavetank.pipeline.template.rights import entry, listed, resolved, rights_of

TOPOLOGY = topology.load(Path(__file__).parents[4] / "schemas")
TEMPLATE = whole(TOPOLOGY)
TYPES = {logical(event.name): event.name for event in TOPOLOGY.events}
Template = dict[str, Any]


def entries(template: Template) -> set[tuple[str, str]]:
    return {entry(right, TYPES) for right in rights_of(template)}


def test_the_template_gives_the_rights_that_are_listed_and_no_others(tmp_path: Path) -> None:
    """Alarms that an owner has mailed take topics of their own, which no event type of this project has."""
    schemas = shutil.copytree(TOPOLOGY.events[0].folder.parent, tmp_path / "schemas")
    for event in TOPOLOGY.events:
        with (schemas / event.name / "component.toml").open("a") as file:
            file.write('\n[alarms]\nwarn = ["us@example.com"]\npage = ["on-call@example.com"]\n')
    notified = whole(topology.load(schemas))
    given = entries(TEMPLATE) | entries(notified)
    allowed = {each for each in listed().rights if not each[0].startswith("{Database}")}
    assert sorted(given - allowed) == [], "given, and not in pipeline/template/rights.toml"
    assert sorted(allowed - given) == [], "in pipeline/template/rights.toml, and not given"


def test_every_event_type_gives_the_same_rights() -> None:
    by_type = [
        {
            entry(right, {logical_id: name})
            for right in rights_of(TEMPLATE)
            if right.holder.startswith((f"{logical_id}Processor", f"{logical_id}Delivery"))
        }
        for logical_id, name in TYPES.items()
    ]
    assert len(by_type) > 1
    assert all(rights == by_type[0] for rights in by_type)


def test_what_nothing_uses_is_a_right_that_is_given_and_has_its_reason() -> None:
    known = listed()
    assert set(known.unused) <= known.rights
    assert all(len(reason) > 20 for reason in known.unused.values())


def test_no_right_is_for_every_action_and_only_listings_of_streams_are_on_everything() -> None:
    allowed = [right for right in rights_of(TEMPLATE) if not right.action.startswith("Deny")]
    assert [right for right in allowed if "*" in right.action] == []
    assert {right.action for right in allowed if right.resource == "*"} == {"kinesis:ListStreams"}


def statements(template: Template, role: str) -> list[dict[str, Any]]:
    policies = template["Resources"][role]["Properties"]["Policies"]
    return list(policies[0]["PolicyDocument"]["Statement"])


def widen_an_action(template: Template) -> None:
    statements(template, "PartitionerRole")[1]["Action"].append("s3:DeleteObject")


def widen_a_resource(template: Template) -> None:
    statements(template, "PartitionerRole")[2]["Resource"][0] = {"Fn::Sub": "${DataBucket.Arn}/*"}


def drop_an_action(template: Template) -> None:
    statements(template, "PartitionerRole")[1]["Action"].remove("s3:PutObjectTagging")


def allow_all_but(template: Template) -> None:
    statement = statements(template, "PlannerRole")[0]
    statement["NotAction"] = statement.pop("Action")


def attach_a_managed_policy(template: Template) -> None:
    role = template["Resources"]["PlannerRole"]["Properties"]
    role["ManagedPolicyArns"] = ["arn:aws:iam::aws:policy/AdministratorAccess"]


def add_a_policy(template: Template) -> None:
    document = {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
    template["Resources"]["More"] = {
        "Type": "AWS::IAM::Policy",
        "Properties": {"PolicyName": "more", "PolicyDocument": document, "Roles": [{"Ref": "PlannerRole"}]},
    }


def drop_the_condition_of_a_topic(template: Template) -> None:
    policy = template["Resources"]["ChunkTopicPolicy"]["Properties"]["PolicyDocument"]
    del policy["Statement"][0]["Condition"]


def drop_the_source_of_an_invocation(template: Template) -> None:
    del template["Resources"]["RescuerInvoke"]["Properties"]["SourceAccount"]


def trust_another_service(template: Template) -> None:
    trust = template["Resources"]["PlannerRole"]["Properties"]["AssumeRolePolicyDocument"]
    trust["Statement"][0]["Principal"] = {"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}


def trust_without_a_condition(template: Template) -> None:
    trust = template["Resources"]["ClickDeliveryRole"]["Properties"]["AssumeRolePolicyDocument"]
    del trust["Statement"][0]["Condition"]["ArnLike"]


def deny_nothing(template: Template) -> None:
    template["Resources"]["DataBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"][0]["Effect"] = "Allow"


def read_another_stream(template: Template) -> None:
    for statement in statements(template, "ClickProcessorRole"):
        text = json.dumps(statement["Resource"]).replace("ClickRawStream", "ConversionRawStream")
        statement["Resource"] = json.loads(text)


@pytest.mark.parametrize(
    "edit",
    [
        widen_an_action,
        widen_a_resource,
        drop_an_action,
        allow_all_but,
        attach_a_managed_policy,
        add_a_policy,
        drop_the_condition_of_a_topic,
        drop_the_source_of_an_invocation,
        trust_another_service,
        trust_without_a_condition,
        deny_nothing,
        read_another_stream,
    ],
    ids=lambda edit: edit.__name__,
)
def test_a_right_that_is_wider_narrower_or_for_somebody_else_is_not_the_one_listed(
    edit: Callable[[Template], None],
) -> None:
    template = copy.deepcopy(TEMPLATE)
    edit(template)
    assert not entries(template) <= listed().rights or not entries(TEMPLATE) <= entries(template)


def test_a_resource_is_resolved_to_the_arn_it_has_when_it_is_deployed() -> None:
    def arn(text: str) -> str:
        return resolved(text, TEMPLATE, "123456789012", "eu-west-1")

    assert arn("${DataBucket.Arn}/parts/*") == "arn:aws:s3:::wavetank-data-123456789012/parts/*"
    assert arn("${ChunkTopic}") == f"arn:aws:sns:eu-west-1:123456789012:{NAMES.chunk_topic}"
    assert arn("${MergeQueue.Arn}") == f"arn:aws:sqs:eu-west-1:123456789012:{NAMES.merge_queue}"
    assert arn("*") == "*"
