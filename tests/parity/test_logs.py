"""CloudWatch Logs keeps groups, filters and events, and makes metrics of events, as its documentation says."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.parity.cloudformation_kit import Formation, resource
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

SETTLE_S = 30.0
STREAM = "stream"
METRIC = {"metricNamespace": "logs-test", "metricName": "Value"}
DAY_MS = 86_400_000


def now_ms(stack: EmbeddedStack) -> int:
    """Now, in the emulator's time."""
    return int(stack.control.now() * 1000)


@pytest.fixture
def group(stack: EmbeddedStack) -> Iterator[str]:
    """A log group with one stream."""
    logs, name = stack.client("logs"), f"/test/{uuid.uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName=STREAM)
    yield name
    logs.delete_log_group(logGroupName=name)


@pytest.fixture
def write(stack: EmbeddedStack, group: str) -> Callable[..., Mapping[str, Any]]:
    """Writes messages to the stream, now or at another time."""

    def put(*messages: Any, at_ms: int | None = None) -> Mapping[str, Any]:
        at_ms = now_ms(stack) if at_ms is None else at_ms
        texts = [message if isinstance(message, str) else json.dumps(message) for message in messages]
        events = [{"timestamp": at_ms, "message": text} for text in texts]
        answer = stack.client("logs").put_log_events(logGroupName=group, logStreamName=STREAM, logEvents=events)
        stack.settle(SETTLE_S)
        return dict(answer)

    return put


@pytest.fixture
def measured(stack: EmbeddedStack) -> Callable[..., list[Mapping[str, Any]]]:
    """The data points of a metric around now."""

    def read(name: str, dimensions: Mapping[str, str], namespace: str = "logs-test") -> list[Mapping[str, Any]]:
        now = datetime.fromtimestamp(now_ms(stack) // 60_000 * 60, UTC)
        return list(
            stack.client("cloudwatch").get_metric_statistics(
                Namespace=namespace,
                MetricName=name,
                Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
                StartTime=now - timedelta(hours=6),
                EndTime=now + timedelta(hours=1),
                Period=60,
                Statistics=["Sum", "SampleCount", "Maximum"],
            )["Datapoints"]
        )

    return read


def put_filter(stack: EmbeddedStack, group: str, pattern: str, name: str = "filter", **metric: Any) -> None:
    stack.client("logs").put_metric_filter(
        logGroupName=group, filterName=name, filterPattern=pattern, metricTransformations=[{**METRIC, **metric}]
    )


def messages_of(stack: EmbeddedStack, group: str, pattern: str = "", **more: Any) -> list[str]:
    pages = stack.client("logs").get_paginator("filter_log_events").paginate
    return [
        event["message"]
        for page in pages(logGroupName=group, filterPattern=pattern, **more)
        for event in page["events"]
    ]


def test_a_metric_has_the_dimensions_and_the_value_of_the_fields(
    stack: EmbeddedStack, group: str, write: Callable[..., Any], measured: Callable[..., list[Mapping[str, Any]]]
) -> None:
    name = uuid.uuid4().hex[:8]
    dimensions = {"EventType": "$.event_type", "Reason": "$.reason"}
    pattern = '{ $.message = "invocation" && $.processed = * }'
    put_filter(stack, group, pattern, metricName=name, metricValue="$.processed", dimensions=dimensions, unit="Count")
    line = {"message": "invocation", "event_type": "purchase", "reason": "none"}
    write({**line, "processed": 40}, {**line, "processed": 2.5}, {**line, "processed": "many"}, "text")
    write({**line, "processed": 7, "event_type": "view"}, {**line, "message": "other", "processed": 9})
    [purchases] = measured(name, {"EventType": "purchase", "Reason": "none"})
    assert (purchases["Sum"], purchases["SampleCount"], purchases["Maximum"]) == (42.5, 2, 40)
    assert purchases["Unit"] == "Count"
    [views] = measured(name, {"EventType": "view", "Reason": "none"})
    assert views["Sum"] == 7
    assert measured(name, {}) == []


def test_a_datum_has_the_time_of_its_event_on_the_clock_of_the_emulator(
    stack: EmbeddedStack, group: str, write: Callable[..., Any], measured: Callable[..., list[Mapping[str, Any]]]
) -> None:
    name = uuid.uuid4().hex[:8]
    put_filter(stack, group, "ERROR", metricName=name, metricValue="1")
    stack.control.advance_clock(2 * 86_400)
    at_ms = now_ms(stack) - 3_600_000
    write("ERROR", at_ms=at_ms)
    [point] = measured(name, {})
    assert point["Timestamp"] == datetime.fromtimestamp(at_ms // 60_000 * 60, UTC)


def test_a_filter_looks_at_the_events_of_its_own_group_from_then_on(
    stack: EmbeddedStack, group: str, write: Callable[..., Any], measured: Callable[..., list[Mapping[str, Any]]]
) -> None:
    logs, name, other = stack.client("logs"), uuid.uuid4().hex[:8], f"{group}-other"
    logs.create_log_group(logGroupName=other)
    write("ERROR before")
    put_filter(stack, other, "ERROR", metricName=name, metricValue="1")
    write("ERROR")
    assert measured(name, {}) == []
    put_filter(stack, group, "ERROR", metricName=name, metricValue="100")
    put_filter(stack, group, "ERROR", metricName=name, metricValue="1")
    write("ERROR", "INFO")
    [point] = measured(name, {})
    assert point["Sum"] == 1
    logs.delete_metric_filter(logGroupName=group, filterName="filter")
    write("ERROR")
    assert measured(name, {}) == [point]
    logs.delete_log_group(logGroupName=other)


def test_the_default_value_is_reported_for_events_that_do_not_match(
    stack: EmbeddedStack, group: str, write: Callable[..., Any], measured: Callable[..., list[Mapping[str, Any]]]
) -> None:
    name = uuid.uuid4().hex[:8]
    put_filter(stack, group, "ERROR", metricName=name, metricValue="1", defaultValue=0.0)
    write("INFO", "INFO")
    [point] = measured(name, {})
    assert (point["Sum"], point["SampleCount"]) == (0, 2)


def test_what_a_group_takes_in_is_counted(
    group: str, write: Callable[..., Any], measured: Callable[..., list[Mapping[str, Any]]]
) -> None:
    write("four", "äöü")
    assert sum(point["Sum"] for point in measured("IncomingBytes", {"LogGroupName": group}, "AWS/Logs")) == 10
    assert sum(point["Sum"] for point in measured("IncomingLogEvents", {"LogGroupName": group}, "AWS/Logs")) == 2


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("", ['{"level": "ERROR", "n": 3}', "plain ERROR text", '{"level": "INFO", "n": 5}']),
        ("ERROR", ['{"level": "ERROR", "n": 3}', "plain ERROR text"]),
        ("ERROR -plain", ['{"level": "ERROR", "n": 3}']),
        ('{ $.level = "ERROR" }', ['{"level": "ERROR", "n": 3}']),
        ("{ $.n > 3 }", ['{"level": "INFO", "n": 5}']),
        ("[kind, level, what]", ["plain ERROR text"]),
    ],
)
def test_events_are_found_by_a_pattern(
    stack: EmbeddedStack, group: str, write: Callable[..., Any], pattern: str, found: list[str]
) -> None:
    write('{"level": "ERROR", "n": 3}', "plain ERROR text", '{"level": "INFO", "n": 5}')
    assert messages_of(stack, group, pattern) == found


def test_events_of_all_streams_are_found_in_the_order_of_their_times_page_by_page(
    stack: EmbeddedStack, group: str
) -> None:
    logs, start = stack.client("logs"), now_ms(stack)
    for number, stream in enumerate(("a-1", "a-2", "b-1")):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        events = [{"timestamp": start + 3 * index + number, "message": f"{3 * index + number}"} for index in range(4)]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
    paged: dict[str, Any] = {"PaginationConfig": {"PageSize": 5}}
    assert messages_of(stack, group, **paged) == [str(number) for number in range(12)]
    assert messages_of(stack, group, startTime=start + 3, endTime=start + 5, **paged) == ["3", "4", "5"]
    assert messages_of(stack, group, logStreamNamePrefix="a-", **paged) == ["0", "1", "3", "4", "6", "7", "9", "10"]
    assert messages_of(stack, group, logStreamNames=["b-1"], **paged) == ["2", "5", "8", "11"]
    assert messages_of(stack, group, "-5", **paged) == [str(number) for number in range(12) if number != 5]


def test_events_that_are_too_old_too_new_or_expired_are_rejected(stack: EmbeddedStack, group: str) -> None:
    logs, now = stack.client("logs"), now_ms(stack)

    def put(*at: int) -> Mapping[str, Any]:
        events = [{"timestamp": at_ms, "message": str(number)} for number, at_ms in enumerate(at)]
        answer = logs.put_log_events(logGroupName=group, logStreamName=STREAM, logEvents=events)
        return dict(answer.get("rejectedLogEventsInfo", {}))

    assert put(now - 14 * DAY_MS - 60_000, now - 14 * DAY_MS - 60_000, now - 14 * DAY_MS + 60_000) == {
        "tooOldLogEventEndIndex": 2
    }
    assert put(now, now + 7_200_000 + 60_000, now + 7_200_000 + 60_000) == {"tooNewLogEventStartIndex": 1}
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    assert put(now - DAY_MS - 60_000, now - DAY_MS + 60_000) == {"expiredLogEventEndIndex": 1}
    assert messages_of(stack, group) == ["2", "1", "0"]
    with pytest.raises(ClientError, match="chronological"):
        put(now, now - 1)
    with pytest.raises(ClientError, match="24 hours"):
        put(now - DAY_MS - 1, now)


def test_events_past_the_retention_of_their_group_are_gone_at_midnight_where_the_life_cycle_is_on(
    stack: EmbeddedStack, group: str, write: Callable[..., Any]
) -> None:
    logs = stack.client("logs")
    write("old", "long " * 100)
    stack.control.advance_clock(3 * 86_400)
    write("new")
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    assert len(messages_of(stack, group)) == 3
    stack.control.switch_life_cycle(True)
    try:
        stack.settle(SETTLE_S)
        assert messages_of(stack, group) == ["new"]
        assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["storedBytes"] == 3
        stack.control.advance_clock(3 * 86_400)
        stack.settle(SETTLE_S)
        assert messages_of(stack, group) == []
    finally:
        stack.control.switch_life_cycle(False)


def test_a_pattern_is_tried_on_messages(stack: EmbeddedStack) -> None:
    matches = stack.client("logs").test_metric_filter(
        filterPattern="[..., status_code=4*, bytes]", logEventMessages=['GET "/a b" 404 15', "GET /a 200 15"]
    )["matches"]
    extracted = {"$1": "GET", "$2": "/a b", "$status_code": "404", "$bytes": "15"}
    assert matches == [{"eventNumber": 1, "eventMessage": 'GET "/a b" 404 15', "extractedValues": extracted}]


@pytest.mark.parametrize(
    ("pattern", "metric", "reason"),
    [
        ("{ $.a > text }", {"metricValue": "1"}, "Invalid filter pattern"),
        ("ERROR", {"metricValue": "$.a"}, "Invalid metric transformation"),
        ("{ $.a = 1 }", {"metricValue": "1", "dimensions": {"A": "$.a"}, "defaultValue": 1.0}, "mutually exclusive"),
        ("{ $.a = 1 }", {"metricValue": "1", "dimensions": dict.fromkeys("ABCD", "$.a")}, "at most 3"),
    ],
)
def test_a_filter_that_cannot_be_is_refused(
    stack: EmbeddedStack, group: str, pattern: str, metric: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ClientError, match=reason) as refusal:
        put_filter(stack, group, pattern, **metric)
    assert refusal.value.response["Error"]["Code"] == "InvalidParameterException"


def test_filters_are_described_counted_and_gone_with_their_group(stack: EmbeddedStack, group: str) -> None:
    logs = stack.client("logs")
    names = [f"{group[-8:]}-{number}" for number in range(3)]
    for name in names:
        put_filter(stack, group, "ERROR", name=name, metricName=name, metricValue="1")
    pages = logs.get_paginator("describe_metric_filters").paginate
    listed = [each["filterName"] for page in pages(PaginationConfig={"PageSize": 2}) for each in page["metricFilters"]]
    assert [name for name in listed if name in names] == names
    about = logs.describe_metric_filters(metricName=names[1], metricNamespace="logs-test")["metricFilters"]
    assert [(each["filterName"], each["logGroupName"]) for each in about] == [(names[1], group)]
    assert about[0]["creationTime"] > 0
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["metricFilterCount"] == 3
    logs.delete_log_group(logGroupName=group)
    assert logs.describe_metric_filters(filterNamePrefix=group[-8:])["metricFilters"] == []
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        put_filter(stack, group, "ERROR", metricValue="1")
    logs.create_log_group(logGroupName=group)
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.delete_metric_filter(logGroupName=group, filterName=names[0])


def test_groups_have_classes_tags_and_pages(stack: EmbeddedStack, group: str) -> None:
    logs = stack.client("logs")
    rare = f"{group}/rare"
    logs.create_log_group(logGroupName=rare, logGroupClass="INFREQUENT_ACCESS")
    described = logs.describe_log_groups(logGroupNamePrefix=group, logGroupClass="INFREQUENT_ACCESS")["logGroups"]
    assert [(each["logGroupName"], each["logGroupClass"]) for each in described] == [(rare, "INFREQUENT_ACCESS")]
    with pytest.raises(logs.exceptions.InvalidOperationException):
        put_filter(stack, rare, "ERROR", metricValue="1")
    arn = described[0]["logGroupArn"]
    logs.tag_resource(resourceArn=arn, tags={"a": "1"})
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "1"}
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=rare)
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.put_retention_policy(logGroupName=rare, retentionInDays=2)
    logs.delete_log_group(logGroupName=rare)
    logs.create_log_group(logGroupName=rare)
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {}
    pages: Sequence[Any] = list(
        logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=group, PaginationConfig={"PageSize": 1})
    )
    assert [[each["logGroupName"] for each in page["logGroups"]] for page in pages] == [[group], [rare]]
    logs.delete_log_group(logGroupName=rare)


def test_a_log_group_that_is_there_is_not_taken_over_and_one_that_is_retained_stays(
    stack: EmbeddedStack, group: str
) -> None:
    logs, kept = stack.client("logs"), f"{group}/kept"
    formation = Formation(stack)
    assert formation.create({"Group": resource("Logs::LogGroup", {"LogGroupName": group})}) == "ROLLBACK_COMPLETE"
    assert f"{group} already exists" in json.dumps(formation.events())
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    formation.delete()
    formation = Formation(stack)
    properties = {"LogGroupName": kept, "RetentionInDays": 7}
    retained = resource("Logs::LogGroup", properties, DeletionPolicy="Retain")
    assert formation.create({"Group": retained}) == "CREATE_COMPLETE"
    rare = resource("Logs::LogGroup", {**properties, "LogGroupClass": "INFREQUENT_ACCESS"}, DeletionPolicy="Retain")
    assert formation.update({"Group": rare}) == "UPDATE_ROLLBACK_COMPLETE"
    logs.delete_retention_policy(logGroupName=kept)
    assert formation.drifts() == {"Group": ["/RetentionInDays"]}
    formation.delete()
    assert logs.describe_log_groups(logGroupNamePrefix=kept)["logGroups"]
    logs.delete_log_group(logGroupName=kept)


def test_a_filter_with_a_name_moves_to_another_group(stack: EmbeddedStack, group: str) -> None:
    logs, formation = stack.client("logs"), Formation(stack)

    def resources(number: int) -> dict[str, Any]:
        groups = {f"G{n}": resource("Logs::LogGroup", {"LogGroupName": f"{group}/{n}"}) for n in (1, 2)}
        properties = {
            "FilterName": "named",
            "LogGroupName": {"Ref": f"G{number}"},
            "FilterPattern": "",
            "MetricTransformations": [{"MetricName": "N", "MetricNamespace": "logs-test", "MetricValue": "1"}],
        }
        return {**groups, "Filter": resource("Logs::MetricFilter", properties)}

    assert formation.create(resources(1)) == "CREATE_COMPLETE"
    assert formation.physical()["Filter"] == "named"
    assert formation.update(resources(2)) == "UPDATE_COMPLETE"
    counts = [len(logs.describe_metric_filters(logGroupName=f"{group}/{number}")["metricFilters"]) for number in (1, 2)]
    assert counts == [0, 1]
    broken = resources(2)
    del broken["Filter"]["Properties"]["FilterPattern"]
    broken["Filter"]["Properties"]["MetricTransformations"][0]["Dimension"] = []
    assert formation.update(broken) == "UPDATE_ROLLBACK_COMPLETE"
    reasons = json.dumps(formation.events())
    assert "required key [FilterPattern] not found" in reasons
    assert "Encountered unsupported property MetricTransformations/Dimension" in reasons
    formation.delete()
