"""Alarms ring for real, and metrics are answered, as the CloudWatch API reference and user guide say."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

SETTLE_S = 30.0
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def cloudwatch(stack: EmbeddedStack) -> Any:
    return stack.client("cloudwatch")


@pytest.fixture
def name(cloudwatch: Any) -> Iterator[str]:
    """The name of this test's own alarms and metrics, which begin with it."""
    own = f"test-{uuid.uuid4().hex[:8]}"
    yield own
    for kind in ("CompositeAlarm", "MetricAlarm"):
        alarms = cloudwatch.describe_alarms(AlarmNamePrefix=own, AlarmTypes=[kind])[f"{kind}s"]
        for alarm in reversed(alarms):
            cloudwatch.delete_alarms(AlarmNames=[alarm["AlarmName"]])


@pytest.fixture
def inbox(stack: EmbeddedStack, name: str) -> Iterator[tuple[str, Callable[[], list[dict[str, Any]]]]]:
    """A topic with a queue behind it, and the messages that have come since the last time."""
    sns, sqs = stack.client("sns"), stack.client("sqs")
    topic, url = sns.create_topic(Name=name)["TopicArn"], sqs.create_queue(QueueName=name)["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)

    def come() -> list[dict[str, Any]]:
        stack.settle(SETTLE_S)
        bodies = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                bodies.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return sorted(bodies, key=lambda body: str(json.loads(body["Message"])["StateChangeTime"]))

    yield topic, come
    sqs.delete_queue(QueueUrl=url)
    sns.delete_topic(TopicArn=topic)


def alarm(cloudwatch: Any, name: str, **given: Any) -> str:
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        EvaluationPeriods=1,
        ComparisonOperator="GreaterThanThreshold",
        Threshold=5,
        **({} if "Metrics" in given else {"Namespace": name, "MetricName": "Errors", "Statistic": "Sum", "Period": 60}),
        **given,
    )
    return name


def put(cloudwatch: Any, name: str, **values: float) -> None:
    cloudwatch.put_metric_data(
        Namespace=name, MetricData=[{"MetricName": metric, "Value": value} for metric, value in values.items()]
    )


def state(cloudwatch: Any, name: str) -> str:
    described = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    [one] = described["MetricAlarms"] + described["CompositeAlarms"]
    return str(one["StateValue"])


def test_an_alarm_rings_at_a_queue_behind_its_topic_and_goes_back_to_ok_as_the_clock_moves(
    stack: EmbeddedStack, cloudwatch: Any, name: str, inbox: Any
) -> None:
    topic, come = inbox
    alarm(cloudwatch, name, TreatMissingData="notBreaching", AlarmActions=[topic], OKActions=[topic])
    assert state(cloudwatch, name) == "INSUFFICIENT_DATA"
    put(cloudwatch, name, Errors=6)
    stack.control.advance_clock(60)
    assert state(cloudwatch, name) == "ALARM"
    [rang] = come()
    message = json.loads(rang["Message"])
    assert rang["Subject"] == f'ALARM: "{name}" in US East (N. Virginia)'
    assert {key: message[key] for key in ("AlarmName", "NewStateValue", "OldStateValue", "AWSAccountId")} == {
        "AlarmName": name,
        "NewStateValue": "ALARM",
        "OldStateValue": "INSUFFICIENT_DATA",
        "AWSAccountId": stack.account,
    }
    assert message["NewStateReason"].startswith("Threshold Crossed: 1 datapoint [6.0 (")
    assert message["Trigger"] == {
        "MetricName": "Errors",
        "Namespace": name,
        "StatisticType": "Statistic",
        "Statistic": "SUM",
        "Unit": None,
        "Dimensions": [],
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 5.0,
        "TreatMissingData": "notBreaching",
        "EvaluateLowSampleCountPercentile": "",
    }
    for _ in range(2):
        put(cloudwatch, name, Errors=1)
        stack.control.advance_clock(60)
    [ended] = come()
    assert json.loads(ended["Message"])["NewStateValue"] == "OK"
    history = cloudwatch.describe_alarm_history(AlarmName=name, ScanBy="TimestampAscending")["AlarmHistoryItems"]
    summaries = [item["HistorySummary"] for item in history if item["HistoryItemType"] == "StateUpdate"]
    assert summaries == ["Alarm updated from INSUFFICIENT_DATA to ALARM", "Alarm updated from ALARM to OK"]
    actions = [item for item in history if item["HistoryItemType"] == "Action"]
    assert [item["HistorySummary"] for item in actions] == [f"Successfully executed action {topic}"] * 2
    update = json.loads(history[1]["HistoryData"])
    assert update["newState"]["stateReasonData"]["recentDatapoints"] == [6.0]


def test_an_alarm_on_an_expression_rings_and_its_actions_can_be_switched_off(
    stack: EmbeddedStack, cloudwatch: Any, name: str, inbox: Any
) -> None:
    topic, come = inbox
    stats = [
        {
            "Id": id_,
            "MetricStat": {"Metric": {"Namespace": name, "MetricName": metric}, "Period": 60, "Stat": "Sum"},
            "ReturnData": False,
        }
        for id_, metric in (("errors", "Errors"), ("calls", "Calls"))
    ]
    rate = {"Id": "rate", "Expression": "100 * errors / calls", "Label": "rate", "ReturnData": True}
    alarm(cloudwatch, name, Metrics=[*stats, rate], AlarmActions=[topic])
    put(cloudwatch, name, Errors=3, Calls=50)
    assert stack.control.evaluate_alarms()[f"arn:aws:cloudwatch:us-east-1:{stack.account}:alarm:{name}"] == "ALARM"
    [rang] = come()
    assert [each["Id"] for each in json.loads(rang["Message"])["Trigger"]["Metrics"]] == ["errors", "calls", "rate"]
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="a try")
    cloudwatch.disable_alarm_actions(AlarmNames=[name])
    stack.control.evaluate_alarms()
    assert (state(cloudwatch, name), come()) == ("ALARM", [])


def test_one_outage_of_two_alarms_is_one_message_of_their_composite_alarm(
    stack: EmbeddedStack, cloudwatch: Any, name: str, inbox: Any
) -> None:
    topic, come = inbox
    children = [alarm(cloudwatch, f"{name}-{number}") for number in (1, 2)]
    rule = " OR ".join(f'ALARM("{child}")' for child in children)
    cloudwatch.put_composite_alarm(AlarmName=f"{name}-all", AlarmRule=rule, AlarmActions=[topic])
    for child in children:
        put(cloudwatch, child, Errors=6)
    stack.control.advance_clock(60)
    [message] = [json.loads(body["Message"]) for body in come()]
    assert (message["AlarmName"], message["AlarmRule"]) == (f"{name}-all", rule)
    assert [child["State"]["Value"] for child in message["TriggeringChildren"]] == ["ALARM"]
    related = cloudwatch.describe_alarms(ChildrenOfAlarmName=f"{name}-all")
    assert [each["AlarmName"] for each in related["MetricAlarms"]] == children
    related = cloudwatch.describe_alarms(ParentsOfAlarmName=children[0])
    assert [each["AlarmName"] for each in related["CompositeAlarms"]] == [f"{name}-all"]
    with pytest.raises(ClientError, match=f"Cannot delete {children[0]} as there are composite alarm"):
        cloudwatch.delete_alarms(AlarmNames=[children[0]])


def test_an_updated_alarm_has_the_state_it_had_and_one_without_its_children_is_refused(
    cloudwatch: Any, name: str
) -> None:
    alarm(cloudwatch, name)
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a try")
    alarm(cloudwatch, name, AlarmDescription="another")
    assert state(cloudwatch, name) == "ALARM"
    with pytest.raises(ClientError, match=r"alarms \[gone\] in the alarm rule do not exist"):
        cloudwatch.put_composite_alarm(AlarmName=f"{name}-all", AlarmRule=f"ALARM({name}) OR ALARM(gone)")
    with pytest.raises(ClientError, match="Error in expression 'e': there is no query with the id 'x'"):
        alarm(cloudwatch, name, Metrics=[{"Id": "e", "Expression": "x + 1"}])


def test_a_depth_of_a_queue_that_lasts_rings_by_the_clock(stack: EmbeddedStack, cloudwatch: Any, name: str) -> None:
    sqs = stack.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="dead")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": name}],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )
    stack.control.advance_clock(60)
    assert state(cloudwatch, name) == "ALARM"
    sqs.purge_queue(QueueUrl=url)
    for _ in range(2):
        stack.control.advance_clock(60)
    assert state(cloudwatch, name) == "OK"
    sqs.delete_queue(QueueUrl=url)


def test_metric_data_are_answered_with_math_page_by_page_in_the_order_asked_for(
    stack: EmbeddedStack, cloudwatch: Any, name: str
) -> None:
    now = datetime.fromtimestamp(stack.control.now(), UTC).replace(second=0, microsecond=0)
    data = [{"MetricName": "M", "Timestamp": now - place * MINUTE, "Value": 10.0 * place} for place in (1, 2, 4)]
    more = {"MetricName": "M", "Dimensions": [{"Name": "A", "Value": "1"}], "Timestamp": now - MINUTE, "Value": 1e6}
    cloudwatch.put_metric_data(Namespace=name, MetricData=[*data, more])
    stat = {"Metric": {"Namespace": name, "MetricName": "M"}, "Period": 60, "Stat": "Sum"}
    asked = {
        "MetricDataQueries": [
            {"Id": "m", "MetricStat": stat, "ReturnData": False},
            {"Id": "e", "Expression": "FILL(m, 0) / 10", "Label": "tenth"},
        ],
        "StartTime": now - 4 * MINUTE,
        "EndTime": now,
        "ScanBy": "TimestampAscending",
    }
    [whole] = cloudwatch.get_metric_data(**asked)["MetricDataResults"]
    assert (whole["Id"], whole["Label"], whole["Values"]) == ("e", "tenth", [4.0, 0.0, 2.0, 1.0])
    assert whole["Timestamps"][0] == now - 4 * MINUTE
    pages: list[list[float]] = []
    token: dict[str, str] = {}
    while True:
        answer = cloudwatch.get_metric_data(**asked, MaxDatapoints=3, **token)
        pages.append(answer["MetricDataResults"][0]["Values"])
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert pages == [[4.0, 0.0, 2.0], [1.0]]
    statistics = cloudwatch.get_metric_statistics(
        Namespace=name,
        MetricName="M",
        StartTime=now - 10 * MINUTE,
        EndTime=now,
        Period=600,
        Statistics=["Sum", "SampleCount"],
        ExtendedStatistics=["p50"],
    )
    [point] = statistics["Datapoints"]
    assert (point["Sum"], point["SampleCount"], point["ExtendedStatistics"]) == (70.0, 3.0, {"p50": 20.0})
    listed = cloudwatch.list_metrics(Namespace=name, Dimensions=[{"Name": "A"}])["Metrics"]
    assert [metric["Dimensions"] for metric in listed] == [[{"Name": "A", "Value": "1"}]]


@pytest.mark.parametrize(
    ("datum", "message"),
    [
        ({"Value": 1.0, "Values": [1.0]}, "mutually exclusive"),
        ({}, "must have a Value"),
        ({"Values": [1.0, 2.0], "Counts": [1.0]}, "of the same size"),
        ({"Values": [float(number) for number in range(151)]}, "at most 150"),
        ({"Value": float("nan")}, "finite"),
    ],
)
def test_a_datum_that_makes_no_sense_is_refused(
    cloudwatch: Any, name: str, datum: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message):
        cloudwatch.put_metric_data(Namespace=name, MetricData=[{"MetricName": "M", **datum}])


def test_data_are_taken_from_two_weeks_back_to_two_hours_ahead_by_the_emulators_clock(
    stack: EmbeddedStack, cloudwatch: Any, name: str
) -> None:
    def send(ahead: timedelta) -> None:
        at = datetime.fromtimestamp(stack.control.now(), UTC) + ahead
        cloudwatch.put_metric_data(Namespace=name, MetricData=[{"MetricName": "M", "Timestamp": at, "Value": 1.0}])

    send(timedelta(hours=1.9))
    send(timedelta(days=-13.9))
    with pytest.raises(ClientError, match="no more than two hours in the future"):
        send(timedelta(hours=2.1))
    with pytest.raises(ClientError, match="no more than two weeks in the past"):
        send(timedelta(days=-14.1))


def test_the_control_api_refuses_what_is_no_move_of_the_clock(stack: EmbeddedStack) -> None:
    for body in ({"advance_s": 1, "lived": 1}, {"lived": True}, {"advance_s": 1, "gap": True}):
        answer = requests.post(f"{stack.endpoint_url}/_wavetank/clock", json=body, timeout=SETTLE_S)
        assert answer.status_code == 400
