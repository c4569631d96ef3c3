"""Every metric that an alarm watches or a dashboard shows is sent by what is deployed, under just these dimensions.

A name that is spelt otherwise than a service spells it is no error of CloudWatch: the alarm never rings, the chart is
empty. So the names are those that a stack of this test's own has, after runs in which every function is called.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import pytest

from tests.unit.pipeline.template.alarm_metrics import series
from tests.unit.pipeline.template.dashboard_bodies import bodies, written_out
from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.pipeline.template.render import render, whole
from wavetank.pipeline.topology import Topology
from wavetank.scenarios.drills.catalogue import catalogue
from wavetank.scenarios.run.runner import Runner
from wavetank.scenarios.site.site import Site

pytestmark = pytest.mark.stack

SEED = 11
USUAL = ("control", "poison-batch")
"""Runs in which every function is called: the rescuer by a batch that is given up."""


class Named(NamedTuple):
    """A metric by its name, and the names of its dimensions."""

    namespace: str
    name: str
    dimensions: tuple[str, ...]


class Unusual(NamedTuple):
    """Why a usual run does not send a metric, and a drill that does."""

    reason: str
    drill: str


NEVER_SEEN: Mapping[Named, Unusual] = {
    Named("AWS/Kinesis", "ReadProvisionedThroughputExceeded", ("StreamName",)): Unusual(
        "readers are seldom refused", "throttled-reads"
    ),
    Named("AWS/Lambda", "Throttles", ("FunctionName",)): Unusual(
        "functions are let run as often as they are called", "throttled-function"
    ),
    Named("AWS/SNS", "NumberOfNotificationsFailed", ("TopicName",)): Unusual(
        "the topic may call the function", "notifications-forbidden"
    ),
    Named("AWS/SQS", "ApproximateAgeOfOldestMessage", ("QueueName",)): Unusual(
        "no merge waits for as long as it takes until its queue is measured", "waiting-merges"
    ),
}
"""What alarms and dashboards name, and a usual run does not send."""


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """The pipeline on a stack on which nothing has been measured."""
    home = Home(tmp_path_factory.mktemp("home"), Home.from_environment().cache)
    with EmbeddedStack.up(home=home) as stack:
        yield Runner(Site.deployed_on(stack), tmp_path_factory.mktemp("runs"))


def sent(runner: Runner, drills: Iterable[str]) -> set[Named]:
    """The metrics that the stack has, once these drills were held on it to their ends."""
    for name in drills:
        report, at_rest = runner.run(catalogue()[name], SEED, None)
        assert at_rest is not None, [finding.detail for finding in report.not_passed]
        assert all(report.fired.values()), report.fired
    stack = runner.site.stack
    stack.settle()
    pages = stack.client("cloudwatch").get_paginator("list_metrics").paginate()
    return {
        Named(each["Namespace"], each["MetricName"], tuple(dimension["Name"] for dimension in each["Dimensions"]))
        for page in pages
        for each in page["Metrics"]
    }


def named(deployed: Topology) -> set[Named]:
    """The metrics that alarms and dashboards name."""
    alarms = [each["Properties"] for each in whole(deployed)["Resources"].values() if "Alarm" in each["Type"]]
    watched = [metric for alarm in alarms if "AlarmRule" not in alarm for metric, _, _ in series(alarm)]
    shown = [
        names
        for body in bodies(render(deployed)).values()
        for widget in body["widgets"]
        for names, _ in written_out(widget["properties"].get("metrics", []))
        if names
    ]
    return {
        *(
            Named(each["Namespace"], each["MetricName"], tuple(one["Name"] for one in each["Dimensions"]))
            for each in watched
        ),
        *(Named(namespace, name, tuple(dimensions[::2])) for namespace, name, *dimensions in shown),
    }


def test_each_metric_that_an_alarm_or_a_widget_names_is_sent(runner: Runner) -> None:
    usual = sent(runner, USUAL)
    assert named(runner.site.topology) - usual == NEVER_SEEN.keys()
    unusual = sent(runner, sorted({each.drill for each in NEVER_SEEN.values()}))
    assert NEVER_SEEN.keys() <= unusual
