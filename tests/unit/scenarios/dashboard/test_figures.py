"""Charts are asked for in few calls, and their answers find their way back; what cannot be drawn is left out."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.scenarios.dashboard.drawings import SPAN, deployed
from wavetank.scenarios.dashboard.body import AlarmStates, Chart, Dashboard, Query, Widget
from wavetank.scenarios.dashboard.figures import MOST_QUERIES, Figures, Series, ask, requests

ARN = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:"
AT = datetime.fromtimestamp(SPAN.start, UTC)


class Answering:
    """A CloudWatch client that answers what it was told to, in pages, and keeps what it was asked."""

    def __init__(self, *answers: Mapping[str, Any], alarms: Sequence[Mapping[str, str]] = ()) -> None:
        self.answers, self.alarms, self.asked = answers, alarms, list[dict[str, Any]]()

    def get_paginator(self, operation: str) -> "Answering":
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        self.asked.append(request)
        if "AlarmNames" in request:
            yield {"MetricAlarms": self.alarms, "CompositeAlarms": []}
        for answer in self.answers if "MetricDataQueries" in request else ():
            yield {"MetricDataResults": [answer], "Messages": []}


def of(*charts: Chart) -> Dashboard:
    return Dashboard("mine", (tuple(Widget(chart, 0, 0, 6, 6) for chart in charts),))


def answer(number: int, values: list[float], label: str = "", **more: Any) -> dict[str, Any]:
    times = [datetime.fromtimestamp(SPAN.start + 60 * at, UTC) for at in range(len(values))]
    return {"Id": f"c{number}_q0", "Label": label, "Timestamps": times, "Values": values, **more}


def test_a_dashboard_of_the_template_costs_one_call_of_metrics_and_one_of_alarms(root: Path) -> None:
    calls = {}
    for name, dashboard in deployed(root).items():
        clients: defaultdict[str, Answering] = defaultdict(Answering)
        ask(clients.__getitem__, [dashboard], SPAN)
        asked = [request for client in clients.values() for request in client.asked]
        metrics = sum("MetricDataQueries" in request for request in asked)
        calls[name.partition("-")[2]] = metrics, len(asked) - metrics
    others = dict.fromkeys(("source", "processing", "partitioning", "concatenation"), (1, 0))
    assert calls == {"overview": (1, 1), **others}


def test_ids_are_unique_in_a_call_and_expressions_read_those_of_their_chart(root: Path) -> None:
    charts = [chart for dashboard in deployed(root).values() for chart in dashboard.charts]
    for request in requests(list(enumerate(charts)), 60):
        ids = [query["Id"] for query in request]
        assert len(set(ids)) == len(ids) <= MOST_QUERIES
        for query in request:
            words = "".join(c if c.isalnum() or c == "_" else " " for c in query.get("Expression", "")).split()
            read = [word for word in words if word[0].islower()]
            assert set(read) <= set(ids)
            assert {word.partition("_")[0] for word in read} <= {query["Id"].partition("_")[0]}


def test_a_chart_is_never_parted_between_calls() -> None:
    chart = Chart("c", tuple(Query(f"q{number}", "l", ("N", "m")) for number in range(200)))
    assert [len(request) for request in requests(list(enumerate([chart] * 5)), 60)] == [400, 400, 200]


def test_lines_are_put_together_from_all_pages_by_time() -> None:
    chart = Chart("c", (Query("q0", "mine", ("N", "m"), statistic="Sum"),), "records")
    first, second = answer(0, [1.0, 2.0]), answer(0, [5.0])
    figures = ask(lambda _: Answering(first, second), [of(chart)], SPAN)
    assert figures.series[chart] == (
        Series("mine", ((SPAN.start, 5.0), (SPAN.start + 60, 2.0)), "records", "left", "Sum"),
    )


def test_what_is_no_number_is_left_out() -> None:
    chart = Chart("c", (Query("q0", "mine", ("N", "m")),))
    figures = ask(lambda _: Answering(answer(0, [math.nan, math.inf, 3.0])), [of(chart)], SPAN)
    assert [value for _, value in figures.series[chart][0].points] == [3.0]


def test_a_hidden_metric_is_no_line_and_one_without_data_is_an_empty_one() -> None:
    chart = Chart("c", (Query("q0", "hidden", ("N", "m"), is_visible=False), Query("q1", "shown", ("N", "n"))))
    figures = ask(lambda _: Answering(), [of(chart)], SPAN)
    assert [(line.label, line.points) for line in figures.series[chart]] == [("shown", ())]


def test_an_expression_that_gives_several_lines_is_drawn_with_the_label_of_each() -> None:
    chart = Chart("c", (Query("q0", "all", expression="SEARCH('x', 'Sum')"),))
    figures = ask(lambda _: Answering(answer(0, [1.0], "a"), answer(0, [2.0], "b")), [of(chart)], SPAN)
    assert [line.label for line in figures.series[chart]] == ["a", "b"]


def test_a_chart_of_another_region_is_asked_for_there() -> None:
    clients = {region: Answering() for region in ("", "us-east-1", "eu-west-1")}
    charts = [Chart("c", (Query("q0", "l", ("N", "m")),), region=region) for region in ("us-east-1", "eu-west-1")]
    ask(clients.__getitem__, [of(*charts)], SPAN)
    assert [len(clients[region].asked) for region in ("", "us-east-1", "eu-west-1")] == [0, 1, 1]


def test_what_cloudwatch_could_not_answer_is_told_once() -> None:
    chart = Chart("c", (Query("q0", "l", ("N", "m")),))
    wrong = answer(0, [], "l", StatusCode="Forbidden")
    assert ask(lambda _: Answering(wrong, wrong), [of(chart)], SPAN).problems == ("l: Forbidden",)


def test_alarms_that_ring_come_first_and_one_that_is_gone_is_unknown() -> None:
    board = AlarmStates("t", (f"{ARN}a", f"{ARN}b", f"{ARN}c"))
    states = [{"AlarmName": "a", "StateValue": "OK"}, {"AlarmName": "b", "StateValue": "ALARM"}]
    dashboard = Dashboard("mine", ((Widget(board, 0, 0, 24, 4),),))
    figures = ask(lambda _: Answering(alarms=states), [dashboard], SPAN)
    shown = [(alarm.name, alarm.state) for alarm in figures.alarms(board)]
    assert shown == [("b", "ALARM"), ("a", "OK"), ("c", "UNKNOWN")]


@pytest.mark.parametrize(
    ("statistic", "summary"),
    [("Sum", ("total", 6.0)), ("SampleCount", ("total", 6.0)), ("Average", ("mean", 2.0)), ("Maximum", ("most", 3.0))],
)
def test_the_whole_span_is_one_value_by_the_statistic(statistic: str, summary: tuple[str, float]) -> None:
    points = ((SPAN.start, 1.0), (SPAN.start + 60, 2.0), (SPAN.start + 120, 3.0))
    assert Series("l", points, statistic=statistic).summary == summary


def test_without_a_point_there_is_no_such_value() -> None:
    assert Series("l", ()).summary is None
    assert Figures(SPAN).alarms(AlarmStates("", ("other",)))[0].name == "other"
