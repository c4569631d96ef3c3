"""A log group has no more filters than CloudWatch Logs lets it have."""

import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from localstack.aws.api.logs import LimitExceededException

from wavetank.emulator.logs import groups, metric_filters

CONTEXT = SimpleNamespace(account_id="000000000000", region="eu-north-1")
METRIC = {"metricNamespace": "test", "metricName": "Count", "metricValue": "1"}


@pytest.fixture
def group() -> str:
    name = f"/test/{uuid.uuid4().hex}"
    groups.create_log_group(None, CONTEXT, name)
    return name


def put(group: str, name: str, pattern: str) -> None:
    request: dict[str, Any] = {"filter_pattern": pattern, "metric_transformations": [METRIC]}
    metric_filters.put_metric_filter(None, CONTEXT, group, name, **request)


def test_a_group_has_no_more_than_100_filters(group: str) -> None:
    for number in range(100):
        put(group, f"{number}", "ERROR")
    with pytest.raises(LimitExceededException):
        put(group, "100", "ERROR")
    put(group, "99", "WARN")


def test_a_group_has_no_more_than_5_filters_with_regular_expressions(group: str) -> None:
    for number in range(5):
        put(group, f"{number}", "%ERR%")
    with pytest.raises(LimitExceededException):
        put(group, "5", "{ $.level = %ERR% }")
    put(group, "5", "ERROR")
    put(group, "4", "%WARN%")
