"""What is tagged is found by its tags, whichever service keeps it, and can be tagged from there."""

import contextlib
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.parity.lambda_kit import ROLE, package
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

ACCOUNT = "arn:aws:{}:us-east-1:000000000000:{}"
PASS = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})


def tags_of(made: dict[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    return [{key: name, value: text} for name, text in made.items()]


def a_stream(stack: EmbeddedStack, name: str, tags: dict[str, str]) -> str:
    stack.client("kinesis").create_stream(StreamName=name, ShardCount=1, Tags=tags)
    return ACCOUNT.format("kinesis", f"stream/{name}")


def a_delivery_stream(stack: EmbeddedStack, name: str, tags: dict[str, str]) -> str:
    with contextlib.suppress(stack.client("s3").exceptions.BucketAlreadyOwnedByYou):
        stack.client("s3").create_bucket(Bucket="tagging-destination")
    to = {"BucketARN": "arn:aws:s3:::tagging-destination", "RoleARN": ROLE}
    return str(
        stack.client("firehose").create_delivery_stream(
            DeliveryStreamName=name, ExtendedS3DestinationConfiguration=to, Tags=tags_of(tags)
        )["DeliveryStreamARN"]
    )


def a_function(stack: EmbeddedStack, name: str, tags: dict[str, str]) -> str:
    made = stack.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=ROLE,
        Handler="handler.handler",
        Code={"ZipFile": package("def handler(event, context): pass")},
        Tags=tags,
    )
    return str(made["FunctionArn"])


def a_bucket(stack: EmbeddedStack, name: str, tags: dict[str, str]) -> str:
    stack.client("s3").create_bucket(Bucket=name)
    stack.client("s3").put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags_of(tags)})
    return f"arn:aws:s3:::{name}"


def a_queue(stack: EmbeddedStack, name: str, tags: dict[str, str]) -> str:
    stack.client("sqs").create_queue(QueueName=name, tags=tags)
    return ACCOUNT.format("sqs", name)


def a_topic(stack: EmbeddedStack, name: str, tags: dict[str, str]) -> str:
    return str(stack.client("sns").create_topic(Name=name, Tags=tags_of(tags))["TopicArn"])


def a_rule(stack: EmbeddedStack, name: str, tags: dict[str, str]) -> str:
    rule = stack.client("events").put_rule(Name=name, EventPattern='{"source": ["x"]}', Tags=tags_of(tags))
    return str(rule["RuleArn"])


def a_log_group(stack: EmbeddedStack, name: str, tags: dict[str, str]) -> str:
    stack.client("logs").create_log_group(logGroupName=name, tags=tags)
    return ACCOUNT.format("logs", f"log-group:{name}")


def an_alarm(stack: EmbeddedStack, name: str, tags: dict[str, str]) -> str:
    stack.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        MetricName="m",
        Namespace="n",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        Statistic="Sum",
        ComparisonOperator="GreaterThanThreshold",
        Tags=tags_of(tags),
    )
    return ACCOUNT.format("cloudwatch", f"alarm:{name}")


def a_machine(stack: EmbeddedStack, name: str, tags: dict[str, str]) -> str:
    made = stack.client("stepfunctions").create_state_machine(
        name=name, definition=PASS, roleArn=ROLE, tags=tags_of(tags, "key", "value")
    )
    return str(made["stateMachineArn"])


def a_schedule_group(stack: EmbeddedStack, name: str, tags: dict[str, str]) -> str:
    return str(stack.client("scheduler").create_schedule_group(Name=name, Tags=tags_of(tags))["ScheduleGroupArn"])


MADE = {
    "kinesis:stream": a_stream,
    "firehose:deliverystream": a_delivery_stream,
    "lambda:function": a_function,
    "s3:bucket": a_bucket,
    "sqs:queue": a_queue,
    "sns:topic": a_topic,
    "events:rule": a_rule,
    "logs:log-group": a_log_group,
    "cloudwatch:alarm": an_alarm,
    "states:stateMachine": a_machine,
    "scheduler:schedule-group": a_schedule_group,
}


def found(stack: EmbeddedStack, **wanted: Any) -> dict[str, dict[str, str]]:
    """The resources that are found, with their tags."""
    pages = stack.client("resourcegroupstaggingapi").get_paginator("get_resources").paginate(**wanted)
    mappings = [mapping for page in pages for mapping in page["ResourceTagMappingList"]]
    return {it["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in it["Tags"]} for it in mappings}


def by_tag(key: str, *values: str) -> list[dict[str, Any]]:
    return [{"Key": key, "Values": list(values)}]


@pytest.mark.parametrize("kind", MADE)
def test_what_was_tagged_where_it_was_made_is_found_and_tagged_from_here(stack: EmbeddedStack, kind: str) -> None:
    made: Callable[[EmbeddedStack, str, dict[str, str]], str] = MADE[kind]
    team = uuid.uuid4().hex
    arn = made(stack, f"tagged-{team[:8]}", {"team": team})
    assert found(stack, TagFilters=by_tag("team", team)) == {arn: {"team": team}}
    for wanted in (kind, kind.partition(":")[0]):
        assert arn in found(stack, ResourceTypeFilters=[wanted])
    tagging = stack.client("resourcegroupstaggingapi")
    assert tagging.tag_resources(ResourceARNList=[arn], Tags={"stage": "test"})["FailedResourcesMap"] == {}
    assert found(stack, ResourceARNList=[arn]) == {arn: {"team": team, "stage": "test"}}
    assert tagging.untag_resources(ResourceARNList=[arn], TagKeys=["team"])["FailedResourcesMap"] == {}
    assert found(stack, ResourceARNList=[arn]) == {arn: {"stage": "test"}}
    assert found(stack, TagFilters=by_tag("team", team)) == {}


def test_every_kind_of_bearer_is_shown() -> None:
    from wavetank.emulator.tagging import bearers

    assert {bearers.IN_ARNS.get(it.service, it.service) for it in bearers.ALL} == {it.partition(":")[0] for it in MADE}


def test_filters_narrow_and_pages_go_on(stack: EmbeddedStack) -> None:
    team = uuid.uuid4().hex
    arns = [a_queue(stack, f"{team}-{number}", {"team": team, "n": str(number)}) for number in range(5)]
    both = [*by_tag("team", team), *by_tag("n", "1", "3")]
    assert sorted(found(stack, TagFilters=both)) == [arns[1], arns[3]]
    assert found(stack, TagFilters=[*by_tag("team", team), *by_tag("absent")]) == {}
    tagging = stack.client("resourcegroupstaggingapi")
    page = tagging.get_resources(TagFilters=by_tag("team", team), ResourcesPerPage=2)
    assert [it["ResourceARN"] for it in page["ResourceTagMappingList"]] == arns[:2]
    assert sorted(found(stack, TagFilters=by_tag("team", team), ResourcesPerPage=2)) == arns
    assert {"team", "n"} <= set(tagging.get_tag_keys()["TagKeys"])
    assert team in tagging.get_tag_values(Key="team")["TagValues"]


def test_what_cannot_be_tagged_is_told_and_the_rest_is_tagged(stack: EmbeddedStack) -> None:
    team = uuid.uuid4().hex
    there = a_queue(stack, team, {})
    gone, foreign = ACCOUNT.format("kinesis", "stream/none"), ACCOUNT.format("dynamodb", "table/none")
    answer = stack.client("resourcegroupstaggingapi").tag_resources(
        ResourceARNList=[gone, foreign, there], Tags={"team": team}
    )
    assert sorted(answer["FailedResourcesMap"]) == sorted([gone, foreign])
    assert found(stack, TagFilters=by_tag("team", team)) == {there: {"team": team}}


def test_arns_go_with_no_other_filter(stack: EmbeddedStack) -> None:
    tagging = stack.client("resourcegroupstaggingapi")
    with pytest.raises(tagging.exceptions.InvalidParameterException, match="cannot be specified together"):
        tagging.get_resources(ResourceARNList=["arn:aws:s3:::b"], TagFilters=by_tag("a"))


def test_a_service_that_is_not_offered_says_which_are(stack: EmbeddedStack) -> None:
    with pytest.raises(Exception, match=r"'dynamodb' is not offered by this stack, which answers for: cloudformation,"):
        stack.client("dynamodb", answer_s=20).list_tables()
