"""The resources that bear tags: how each service lists, sets and takes away theirs."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

type Tags = dict[str, str]
type Listing = Callable[[Any], Iterator[tuple[str, Tags]]]


@dataclass(frozen=True)
class Bearers:
    """The resources of one service that bear tags.

    `listing` gives the ARN and the tags of each, `tag` and `untag` change those of one. `kind` is the resource type
    where the ARN names none.
    """

    service: str
    listing: Listing
    tag: Callable[[Any, str, Tags], object]
    untag: Callable[[Any, str, Sequence[str]], object]
    kind: str = ""


def resource_type(arn: str, kind: str = "") -> str:
    """The type by which a filter names a resource: `service:type`, as its ARN has it, or `kind` where it has none."""
    _arn, _partition, service, _region, _account, name = arn.split(":", 5)
    return f"{service}:{kind or re.split('[:/]', name)[0]}"


def _pages(client: Any, operation: str, member: str, **parameters: Any) -> Iterator[Any]:
    for page in client.get_paginator(operation).paginate(**parameters):
        yield from page.get(member, [])


def _from_list(tags: Iterable[Mapping[str, str]], key: str = "Key", value: str = "Value") -> Tags:
    return {tag[key]: tag[value] for tag in tags}


def _to_list(tags: Tags, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    return [{key: name, value: text} for name, text in tags.items()]


def _listed(operation: str, member: str, arn: str, tags_of: Callable[[Any, str], Tags]) -> Listing:
    """The listing of resources that one operation lists, each with its ARN."""

    def listing(client: Any) -> Iterator[tuple[str, Tags]]:
        for resource in _pages(client, operation, member):
            yield resource[arn], tags_of(client, resource[arn])

    return listing


def _delivery_streams(firehose: Any) -> Iterator[tuple[str, Tags]]:
    names: list[str] = []
    more = True
    while more:
        start = {"ExclusiveStartDeliveryStreamName": names[-1]} if names else {}
        answer = firehose.list_delivery_streams(**start)
        names, more = names + answer["DeliveryStreamNames"], answer["HasMoreDeliveryStreams"]
    for name in names:
        described = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
        tags = firehose.list_tags_for_delivery_stream(DeliveryStreamName=name)["Tags"]
        yield described["DeliveryStreamARN"], _from_list(tags)


def _alarms(cloudwatch: Any) -> Iterator[tuple[str, Tags]]:
    for kind in ("MetricAlarm", "CompositeAlarm"):
        pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmTypes=[kind])
        for alarm in (alarm for page in pages for alarm in page[f"{kind}s"]):
            tags = cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
            yield alarm["AlarmArn"], _from_list(tags)


def _buckets(s3: Any) -> Iterator[tuple[str, Tags]]:
    for bucket in s3.list_buckets(BucketRegion=s3.meta.region_name)["Buckets"]:
        yield f"arn:aws:s3:::{bucket['Name']}", _bucket_tags(s3, bucket["Name"])


def _bucket_tags(s3: Any, bucket: str) -> Tags:
    try:
        return _from_list(s3.get_bucket_tagging(Bucket=bucket)["TagSet"])
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchTagSet":
            return {}
        raise


def _change_bucket(s3: Any, arn: str, tags: Tags, untagged: Sequence[str] = ()) -> None:
    """Set tags of a bucket, whose tags can only be put together, and take those away whose keys are `untagged`."""
    bucket = _last(arn)
    changed = {key: value for key, value in _bucket_tags(s3, bucket).items() if key not in untagged} | tags
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": _to_list(changed)})


def _queues(sqs: Any) -> Iterator[tuple[str, Tags]]:
    for url in _pages(sqs, "list_queues", "QueueUrls"):
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        yield attributes["QueueArn"], sqs.list_queue_tags(QueueUrl=url).get("Tags", {})


def _url(sqs: Any, arn: str) -> str:
    return str(sqs.get_queue_url(QueueName=_last(arn))["QueueUrl"])


def _rules(events: Any) -> Iterator[tuple[str, Tags]]:
    for bus in events.list_event_buses()["EventBuses"]:
        for rule in _pages(events, "list_rules", "Rules", EventBusName=bus["Name"]):
            yield rule["Arn"], _from_list(events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"])


def _log_groups(logs: Any) -> Iterator[tuple[str, Tags]]:
    for group in _pages(logs, "describe_log_groups", "logGroups"):
        arn = group["arn"].removesuffix(":*")
        yield arn, logs.list_tags_for_resource(resourceArn=arn).get("tags", {})


def _last(arn: str) -> str:
    return arn.rpartition(":")[2].rpartition("/")[2]


ALL: tuple[Bearers, ...] = (
    Bearers(
        "kinesis",
        _listed(
            "list_streams",
            "StreamSummaries",
            "StreamARN",
            lambda client, arn: _from_list(client.list_tags_for_resource(ResourceARN=arn)["Tags"]),
        ),
        lambda client, arn, tags: client.tag_resource(ResourceARN=arn, Tags=tags),
        lambda client, arn, keys: client.untag_resource(ResourceARN=arn, TagKeys=keys),
    ),
    Bearers(
        "firehose",
        _delivery_streams,
        lambda client, arn, tags: client.tag_delivery_stream(DeliveryStreamName=_last(arn), Tags=_to_list(tags)),
        lambda client, arn, keys: client.untag_delivery_stream(DeliveryStreamName=_last(arn), TagKeys=keys),
    ),
    Bearers(
        "lambda",
        _listed(
            "list_functions",
            "Functions",
            "FunctionArn",
            lambda client, arn: client.list_tags(Resource=arn).get("Tags", {}),
        ),
        lambda client, arn, tags: client.tag_resource(Resource=arn, Tags=tags),
        lambda client, arn, keys: client.untag_resource(Resource=arn, TagKeys=keys),
    ),
    Bearers(
        "s3", _buckets, _change_bucket, lambda client, arn, keys: _change_bucket(client, arn, {}, keys), kind="bucket"
    ),
    Bearers(
        "sqs",
        _queues,
        lambda client, arn, tags: client.tag_queue(QueueUrl=_url(client, arn), Tags=tags),
        lambda client, arn, keys: client.untag_queue(QueueUrl=_url(client, arn), TagKeys=keys),
        kind="queue",
    ),
    Bearers(
        "sns",
        _listed(
            "list_topics",
            "Topics",
            "TopicArn",
            lambda client, arn: _from_list(client.list_tags_for_resource(ResourceArn=arn)["Tags"]),
        ),
        lambda client, arn, tags: client.tag_resource(ResourceArn=arn, Tags=_to_list(tags)),
        lambda client, arn, keys: client.untag_resource(ResourceArn=arn, TagKeys=keys),
        kind="topic",
    ),
    Bearers(
        "events",
        _rules,
        lambda client, arn, tags: client.tag_resource(ResourceARN=arn, Tags=_to_list(tags)),
        lambda client, arn, keys: client.untag_resource(ResourceARN=arn, TagKeys=keys),
    ),
    Bearers(
        "logs",
        _log_groups,
        lambda client, arn, tags: client.tag_resource(resourceArn=arn, tags=tags),
        lambda client, arn, keys: client.untag_resource(resourceArn=arn, tagKeys=keys),
    ),
    Bearers(
        "cloudwatch",
        _alarms,
        lambda client, arn, tags: client.tag_resource(ResourceARN=arn, Tags=_to_list(tags)),
        lambda client, arn, keys: client.untag_resource(ResourceARN=arn, TagKeys=keys),
    ),
    Bearers(
        "stepfunctions",
        _listed(
            "list_state_machines",
            "stateMachines",
            "stateMachineArn",
            lambda client, arn: _from_list(client.list_tags_for_resource(resourceArn=arn)["tags"], "key", "value"),
        ),
        lambda client, arn, tags: client.tag_resource(resourceArn=arn, tags=_to_list(tags, "key", "value")),
        lambda client, arn, keys: client.untag_resource(resourceArn=arn, tagKeys=keys),
    ),
    Bearers(
        "scheduler",
        _listed(
            "list_schedule_groups",
            "ScheduleGroups",
            "Arn",
            lambda client, arn: _from_list(client.list_tags_for_resource(ResourceArn=arn)["Tags"]),
        ),
        lambda client, arn, tags: client.tag_resource(ResourceArn=arn, Tags=_to_list(tags)),
        lambda client, arn, keys: client.untag_resource(ResourceArn=arn, TagKeys=keys),
    ),
)

IN_ARNS = {"stepfunctions": "states"}
"""The services whose ARNs name them otherwise."""


def of(arn: str) -> Bearers | None:
    """The bearers to which an ARN belongs; None where no service here has any."""
    parts = arn.split(":", 5)
    named = parts[2] if len(parts) == 6 and parts[0] == "arn" else ""
    return next((bearers for bearers in ALL if IN_ARNS.get(bearers.service, bearers.service) == named), None)
