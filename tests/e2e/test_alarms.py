"""The deployed alarms ring by what their metrics were in the time looked at, and what was given up can be cleared."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.pipeline.names import NAMES
from wavetank.pipeline.template.render import whole
from wavetank.scenarios.run.alarm_datapoints import ALARM, COMPOSITE, clear_dead_messages, watched
from wavetank.scenarios.site.site import Site

pytestmark = pytest.mark.stack

BEHIND = "wavetank-conversion-processor-behind"
TWENTY_MINUTES_MS = 20 * 60 * 1000.0
A_DAY = timedelta(days=1)
"""So far apart are times at which no other test has a datapoint; CloudWatch takes data of two weeks."""


@pytest.fixture
def site(deployed: EmbeddedStack) -> Iterator[Site]:
    """The pipeline, with no message in the queue of those given up."""
    site = Site.deployed_on(deployed)
    clear_dead_messages(site)
    yield site
    clear_dead_messages(site)


def rang(site: Site, since: datetime, minutes: int) -> set[str]:
    found = watched(site, since.timestamp(), (since + timedelta(minutes=minutes)).timestamp())
    return {each.alarm.name for each in found if each.rang}


def behind(site: Site, since: datetime, minutes: int) -> None:
    """The processor of conversions is twenty minutes behind in each of so many minutes."""
    data = [
        {
            "MetricName": "IteratorAge",
            "Dimensions": [{"Name": "FunctionName", "Value": "wavetank-conversion-processor"}],
            "Timestamp": since + timedelta(minutes=number),
            "Value": TWENTY_MINUTES_MS,
        }
        for number in range(minutes)
    ]
    site.stack.client("cloudwatch").put_metric_data(Namespace="AWS/Lambda", MetricData=data)


@pytest.mark.parametrize(("minutes", "names"), [(4, set()), (5, {BEHIND})])
def test_an_alarm_rings_after_as_many_bad_minutes_as_it_is_defined_to(
    site: Site, minutes: int, names: set[str]
) -> None:
    now = datetime.fromtimestamp(site.stack.control.now(), UTC)
    since = now.replace(second=30, microsecond=0) - minutes * A_DAY
    behind(site, since, minutes)
    assert rang(site, since, 30) == names
    assert rang(site, since - timedelta(hours=2), 30) == set()


def test_every_alarm_of_the_template_is_watched(site: Site) -> None:
    now = datetime.now(UTC)
    resources = whole(site.topology)["Resources"].values()
    made = {each["Properties"]["AlarmName"] for each in resources if each["Type"] in (ALARM, COMPOSITE)}
    found = watched(site, now.timestamp(), now.timestamp() + 60)
    assert {each.alarm.name for each in found} == made
    assert {each.alarm.name for each in found if each.alarm.pages} == {
        f"{NAMES.prefix}-{event.name}-data-stopped" for event in site.topology.events
    }


STOPPED = {f"{NAMES.prefix}-conversion-{part}" for part in ("raw-silent", "processed-silent", "data-stopped")}


def silent(site: Site, minutes: int, *, gaps: bool) -> set[str]:
    """The alarms of conversions that rang in so many minutes without a record, which the clock jumped over."""
    since = datetime.fromtimestamp(site.stack.control.now(), UTC) - 7 * A_DAY
    until = since + timedelta(minutes=minutes)
    clock = ((0.0, since.timestamp()), (1.0, since.timestamp() + 1), (2.0, until.timestamp()))
    every = watched(site, since.timestamp(), until.timestamp(), clock, until.timestamp() if gaps else 0.0)
    return {each.alarm.name for each in every if each.rang and "-conversion-" in each.alarm.name}


@pytest.mark.parametrize(("minutes", "gaps", "names"), [(59, True, set()), (70, True, STOPPED), (70, False, set())])
def test_silence_is_told_where_the_jumps_of_the_clock_are_gaps(
    site: Site, minutes: int, gaps: bool, names: set[str]
) -> None:
    assert silent(site, minutes, gaps=gaps) == names


@pytest.mark.parametrize(("called", "names"), [(1.0, set()), (None, {"consumer-off", "data-stopped"})])
def test_a_consumer_that_is_off_while_records_arrive_is_told_by_metric_math(
    site: Site, called: float | None, names: set[str]
) -> None:
    now = datetime.fromtimestamp(site.stack.control.now(), UTC)
    since = now.replace(minute=0, second=0, microsecond=0) - (8 if called else 9) * A_DAY
    cloudwatch, conversion = site.stack.client("cloudwatch"), site.topology.event("conversion")
    for minute in range(0, 15, 5):
        metrics = [("AWS/Kinesis", "IncomingRecords", "StreamName", conversion.raw_stream, 3.0)]
        metrics += [("AWS/Lambda", "Invocations", "FunctionName", conversion.processor, called)] if called else []
        for namespace, name, dimension, value, number in metrics:
            data = {
                "MetricName": name,
                "Dimensions": [{"Name": dimension, "Value": value}],
                "Timestamp": since + timedelta(minutes=minute),
                "Value": number,
            }
            cloudwatch.put_metric_data(Namespace=namespace, MetricData=[data])
    assert rang(site, since, 14) == {f"{NAMES.prefix}-conversion-{name}" for name in names}


def test_a_message_that_was_given_up_rings_until_it_is_cleared(site: Site) -> None:
    sqs, since = site.stack.client("sqs"), datetime.fromtimestamp(site.stack.control.now(), UTC)
    url = sqs.get_queue_url(QueueName=NAMES.dead_merges)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    assert rang(site, since, 5) == {NAMES.dead_merges}
    assert clear_dead_messages(site) == 1
    assert rang(site, since, 5) == set()
