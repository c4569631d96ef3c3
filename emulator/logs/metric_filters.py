"""The operations on metric filters.

Source: CloudWatch Logs API reference, PutMetricFilter, DescribeMetricFilters, DeleteMetricFilter, TestMetricFilter.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from localstack.aws.api import handler
from localstack.aws.api.logs import (
    InvalidOperationException,
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)

from wavetank.emulator.logs.filter_pattern import Event, InvalidPattern, Pattern, parse
from wavetank.emulator.logs.groups import STANDARD, KeptFilter, class_of, filters_of, group_of, groups_of, page_of
from wavetank.emulator.logs.transformation import InvalidTransformation, MetricFilter
from wavetank.emulator.runtime.clock import CLOCK

NAME = re.compile(r"[^:*]{1,512}")
MOST_FILTERS = 100
MOST_WITH_EXPRESSIONS = 5
"""Filters of one log group, and those of them whose patterns have regular expressions."""


def pattern_of(text: str) -> Pattern:
    """The pattern that a text is. Raises InvalidParameterException."""
    try:
        return parse(text)
    except InvalidPattern as error:
        raise InvalidParameterException(f"Invalid filter pattern: {error}") from error


@handler("PutMetricFilter")
def put_metric_filter(
    _provider: Any,
    context: Any,
    log_group_name: str,
    filter_name: str,
    filter_pattern: str,
    metric_transformations: Sequence[Mapping[str, Any]],
    **_: Any,
) -> None:
    """Set a filter of a group. Raises InvalidParameterException for what it cannot be."""
    group = group_of(context, log_group_name)
    if not NAME.fullmatch(filter_name):
        raise InvalidParameterException(f"Value '{filter_name}' at 'filterName' failed to satisfy constraint: [^:*]*")
    if len(metric_transformations) != 1:
        raise InvalidParameterException("A metric filter has exactly 1 metric transformation.")
    if class_of(group) != STANDARD:
        raise InvalidOperationException(f"Log groups of the class {class_of(group)} have no metric filters.")
    pattern = pattern_of(filter_pattern)
    try:
        compiled = MetricFilter.of(filter_pattern, metric_transformations)
    except InvalidTransformation as error:
        raise InvalidParameterException(f"Invalid metric transformation: {error}") from error
    filters = filters_of(group)
    others = [each for name, each in filters.items() if name != filter_name]
    with_expressions = sum(each.compiled.pattern.has_expressions for each in others)
    if len(others) >= MOST_FILTERS or (pattern.has_expressions and with_expressions >= MOST_WITH_EXPRESSIONS):
        raise LimitExceededException("Resource limit exceeded.")
    description = {
        "filterName": filter_name,
        "filterPattern": filter_pattern,
        "metricTransformations": [dict(given) for given in metric_transformations],
        "creationTime": int(CLOCK.now() * 1000),
        "logGroupName": log_group_name,
    }
    filters[filter_name] = KeptFilter(description, compiled)


@handler("DescribeMetricFilters")
def describe_metric_filters(
    _provider: Any,
    context: Any,
    log_group_name: str | None = None,
    filter_name_prefix: str | None = None,
    next_token: str | None = None,
    limit: int | None = None,
    metric_name: str | None = None,
    metric_namespace: str | None = None,
    **_: Any,
) -> dict[str, Any]:
    """A page of the filters of a group, or of all, in the order of their names."""
    if (metric_name is None) != (metric_namespace is None):
        raise InvalidParameterException("metricName and metricNamespace go together.")
    groups = [group_of(context, log_group_name)] if log_group_name else groups_of(context)
    # No filter's name has a colon.
    filters = {
        f"{name}:{group.name}": each.description
        for group in groups
        for name, each in list(filters_of(group).items())
        if name.startswith(filter_name_prefix or "") and _is_about(each.description, metric_name, metric_namespace)
    }
    keys = sorted(filters)
    page, token = page_of([filters[key] for key in keys], keys, next_token, limit)
    return {"metricFilters": page, **token}


@handler("DeleteMetricFilter")
def delete_metric_filter(_provider: Any, context: Any, log_group_name: str, filter_name: str, **_: Any) -> None:
    """Delete a filter. Raises ResourceNotFoundException."""
    if filters_of(group_of(context, log_group_name)).pop(filter_name, None) is None:
        raise ResourceNotFoundException("The specified metric filter does not exist.")


@handler("TestMetricFilter")
def test_metric_filter(  # The operation's name; no test.
    _provider: Any,  # noqa: PT019
    context: Any,  # noqa: ARG001
    filter_pattern: str,
    log_event_messages: Sequence[str],
    **_: Any,
) -> dict[str, Any]:
    """The messages that match a pattern, by their numbers, with what can be taken from them."""
    pattern = pattern_of(filter_pattern)
    events = [(number, Event(message)) for number, message in enumerate(log_event_messages, start=1)]
    return {
        "matches": [
            {"eventNumber": number, "eventMessage": event.message, "extractedValues": pattern.extracted(event)}
            for number, event in events
            if pattern.matches(event)
        ]
    }


def _is_about(metric_filter: Mapping[str, Any], name: str | None, namespace: str | None) -> bool:
    return name is None or any(
        (each.get("metricName"), each.get("metricNamespace")) == (name, namespace)
        for each in metric_filter["metricTransformations"]
    )
