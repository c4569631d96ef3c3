"""The operations on log groups: class, retention, key, tags and pages as CloudWatch Logs has them.

Source: CloudWatch Logs API reference, CreateLogGroup, DescribeLogGroups, ListLogGroups, DeleteLogGroup, TagResource,
PutRetentionPolicy, AssociateKmsKey and DisassociateKmsKey.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localstack.aws.api import handler
from localstack.aws.api.logs import (
    InvalidParameterException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
)
from localstack.services.logs.models import get_moto_logs_backend, logs_stores

from wavetank.emulator.logs.transformation import MetricFilter

STANDARD = "STANDARD"
CLASSES = (STANDARD, "INFREQUENT_ACCESS", "DELIVERY")
NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
RETENTIONS = frozenset(
    (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
)
"""The days that a retention can have."""
LONGEST_PAGE = 50


def group_of(context: Any, name: str) -> Any:
    """LocalStack's log group of that name. Raises ResourceNotFoundException."""
    group = get_moto_logs_backend(context.account_id, context.region).groups.get(name)
    if group is None:
        raise ResourceNotFoundException("The specified log group does not exist.")
    return group


@dataclass(frozen=True)
class KeptFilter:
    """A metric filter of a group: as DescribeMetricFilters shows it, and to be used."""

    description: Mapping[str, Any]
    compiled: MetricFilter


def filters_of(group: Any) -> dict[str, KeptFilter]:
    """The metric filters of one of LocalStack's log groups, by their names; they go with it."""
    filters: dict[str, KeptFilter] = vars(group).setdefault("metric_filters", {})
    return filters


def class_of(group: Any) -> str:
    """The class of one of LocalStack's log groups."""
    return str(vars(group).get("log_group_class") or STANDARD)


@handler("CreateLogGroup")
def create_log_group(
    _provider: Any,
    context: Any,
    log_group_name: str,
    kms_key_id: str | None = None,
    tags: Mapping[str, str] | None = None,
    log_group_class: str | None = None,
    **_: Any,
) -> None:
    """Make a group. Raises InvalidParameterException, ResourceAlreadyExistsException."""
    if not NAME.fullmatch(log_group_name):
        raise _constraint("logGroupName", log_group_name, r"regular expression pattern: [\.\-_/#A-Za-z0-9]+")
    if log_group_class is not None and log_group_class not in CLASSES:
        raise _constraint("logGroupClass", log_group_class, f"enum value set: [{', '.join(CLASSES)}]")
    backend = get_moto_logs_backend(context.account_id, context.region)
    if log_group_name in backend.groups:
        raise ResourceAlreadyExistsException("The specified log group already exists")
    group = backend.create_log_group(log_group_name, dict(tags or {}), kmsKeyId=kms_key_id)
    group.log_group_class = log_group_class or STANDARD
    _tags(context)[group.arn] = dict(tags or {})


@handler("DeleteLogGroup")
def delete_log_group(_provider: Any, context: Any, log_group_name: str, **_: Any) -> None:
    """Delete a group with its streams, filters and tags. Raises ResourceNotFoundException."""
    group = group_of(context, log_group_name)
    get_moto_logs_backend(context.account_id, context.region).delete_log_group(log_group_name)
    _tags(context).pop(group.arn, None)


@handler("DescribeLogGroups")
def describe_log_groups(
    _provider: Any,
    context: Any,
    log_group_name_prefix: str | None = None,
    log_group_name_pattern: str | None = None,
    next_token: str | None = None,
    limit: int | None = None,
    log_group_class: str | None = None,
    **_: Any,
) -> dict[str, Any]:
    """A page of the groups, in the order of their names. Raises InvalidParameterException."""
    prefix, pattern = log_group_name_prefix or "", (log_group_name_pattern or "").lower()
    if prefix and pattern:
        raise InvalidParameterException(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
        )
    groups = [
        group
        for group in groups_of(context, log_group_class)
        if group.name.startswith(prefix) and pattern in group.name.lower()
    ]
    page, token = page_of(groups, [group.name for group in groups], next_token, limit)
    return {"logGroups": [_described(group) for group in page], **token}


@handler("ListLogGroups")
def list_log_groups(
    _provider: Any,
    context: Any,
    log_group_name_pattern: str | None = None,
    log_group_class: str | None = None,
    next_token: str | None = None,
    limit: int | None = None,
    **_: Any,
) -> dict[str, Any]:
    """A page of the summaries of groups whose names have a match of a regular expression in them."""
    pattern = re.compile(log_group_name_pattern or "")
    groups = [group for group in groups_of(context, log_group_class) if pattern.search(group.name)]
    page, token = page_of(groups, [group.name for group in groups], next_token, limit)
    summaries = [
        {"logGroupName": group.name, "logGroupArn": group.arn, "logGroupClass": class_of(group)} for group in page
    ]
    return {"logGroups": summaries, **token}


@handler("PutRetentionPolicy")
def put_retention_policy(_provider: Any, context: Any, log_group_name: str, retention_in_days: int, **_: Any) -> None:
    """Set the days that events are kept. Raises InvalidParameterException, ResourceNotFoundException."""
    if retention_in_days not in RETENTIONS:
        days = ", ".join(map(str, sorted(RETENTIONS)))
        raise _constraint("retentionInDays", retention_in_days, f"enum value set: [{days}]")
    group_of(context, log_group_name).set_retention_policy(retention_in_days)


@handler("AssociateKmsKey")
def associate_kms_key(
    _provider: Any, context: Any, kms_key_id: str, log_group_name: str | None = None, **_: Any
) -> None:
    """Set the key that a group says it is encrypted with. Raises ResourceNotFoundException."""
    group_of(context, log_group_name or "").kms_key_id = kms_key_id


@handler("DisassociateKmsKey")
def disassociate_kms_key(_provider: Any, context: Any, log_group_name: str | None = None, **_: Any) -> None:
    """Take the key away. Raises ResourceNotFoundException."""
    group_of(context, log_group_name or "").kms_key_id = None


@handler("TagResource")
def tag_resource(_provider: Any, context: Any, resource_arn: str, tags: Mapping[str, str], **_: Any) -> None:
    """Set tags of a group, or of another resource of Logs. Raises ResourceNotFoundException for a missing group."""
    _tags(context).setdefault(_tagged(context, resource_arn), {}).update(tags)


@handler("UntagResource")
def untag_resource(_provider: Any, context: Any, resource_arn: str, tag_keys: Sequence[str], **_: Any) -> None:
    """Take tags away. Raises ResourceNotFoundException for a missing group."""
    tags = _tags(context).get(_tagged(context, resource_arn), {})
    for key in tag_keys:
        tags.pop(key, None)


@handler("ListTagsForResource")
def list_tags_for_resource(_provider: Any, context: Any, resource_arn: str, **_: Any) -> dict[str, Any]:
    """The tags of a resource of Logs. Raises ResourceNotFoundException for a missing group."""
    return {"tags": dict(_tags(context).get(_tagged(context, resource_arn), {}))}


def page_of(
    items: Sequence[Any], keys: Sequence[str], token: str | None, limit: int | None
) -> tuple[Sequence[Any], dict[str, str]]:
    """The items after the one whose key is the token, and the answer's token where more follow. Keys are sorted."""
    first = next((index for index, key in enumerate(keys) if token is None or key > token), len(keys))
    end = first + min(limit or LONGEST_PAGE, LONGEST_PAGE)
    return items[first:end], {"nextToken": keys[end - 1]} if end < len(items) else {}


def groups_of(context: Any, log_group_class: str | None = None) -> list[Any]:
    """LocalStack's log groups, or those of one class, in the order of their names."""
    # A group may come or go meanwhile.
    groups = list(get_moto_logs_backend(context.account_id, context.region).groups.values())
    chosen = (group for group in groups if log_group_class in (None, class_of(group)))
    return sorted(chosen, key=lambda group: str(group.name))


def _described(group: Any) -> dict[str, Any]:
    described: dict[str, Any] = {
        "logGroupName": group.name,
        "arn": f"{group.arn}:*",
        "logGroupArn": group.arn,
        "creationTime": group.creation_time,
        "metricFilterCount": len(filters_of(group)),
        "storedBytes": sum(stream.stored_bytes for stream in list(group.streams.values())),
        "logGroupClass": class_of(group),
    }
    if group.retention_in_days:
        described["retentionInDays"] = group.retention_in_days
    if group.kms_key_id:
        described["kmsKeyId"] = group.kms_key_id
    return described


def _tags(context: Any) -> dict[str, dict[str, str]]:
    tags: dict[str, dict[str, str]] = logs_stores[context.account_id][context.region].TAGS
    return tags


def _tagged(context: Any, arn: str) -> str:
    parts = arn.split(":")
    if len(parts) > 6 and parts[5] == "log-group":
        return str(group_of(context, parts[6]).arn)
    return arn


def _constraint(parameter: str, value: object, constraint: str) -> InvalidParameterException:
    return InvalidParameterException(
        f"1 validation error detected: Value '{value}' at '{parameter}' failed to satisfy constraint: "
        f"Member must satisfy {constraint}"
    )
