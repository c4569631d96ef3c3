"""Alarms ring and end on the emulator's clock; a jump of it is no gap, and costs no more than the values in it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from wavetank.emulator.cloudwatch.alarm import AlarmError, MetricAlarm, read_composite_alarm, read_metric_alarm
from wavetank.emulator.cloudwatch.core.metrics import MetricId, Metrics
from wavetank.emulator.cloudwatch.core.reasons import CREATED
from wavetank.emulator.cloudwatch.core.verdict import State
from wavetank.emulator.cloudwatch.evaluator import DELAY_S, Change, Evaluator
from wavetank.emulator.runtime.clock import Clock

DAY_S, HOUR_S, MINUTE_S = 86_400.0, 3_600.0, 60.0
PREFIX = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:"


class Bench:
    """An evaluator whose time passes only here, and what it told."""

    def __init__(self) -> None:
        self.passed_s = 0.0
        self.clock = Clock(lambda: self.passed_s)
        self.passed_s = MINUTE_S - self.clock.now() % MINUTE_S
        self.metrics = Metrics()
        self.evaluator = Evaluator(self.metrics, self.clock)
        self.changes: list[Change] = []
        self.acted: list[Change] = []
        self.evaluator.changed, self.evaluator.act = self.changes.append, self.acted.append

    def document(self, name: str, **given: Any) -> dict[str, Any]:
        at = datetime.fromtimestamp(self.clock.now(), UTC)
        state = {"StateValue": "INSUFFICIENT_DATA", "StateReason": CREATED, "StateUpdatedTimestamp": at}
        return {"AlarmName": name, "AlarmArn": PREFIX + name, **state, **given}

    def alarm(self, name: str = "alarm", **given: Any) -> dict[str, Any]:
        """An alarm that rings when the sum of the metric of its name is more than 5 in a minute."""
        defaults: dict[str, Any] = {
            "Namespace": "N",
            "MetricName": name,
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 5.0,
            "ComparisonOperator": "GreaterThanThreshold",
        }
        if "Metrics" in given:
            defaults = {key: defaults[key] for key in ("EvaluationPeriods", "Threshold", "ComparisonOperator")}
        document = self.document(name, **{**defaults, **given})
        self.evaluator.keep(read_metric_alarm(PREFIX + name, "000000000000", "us-east-1", document), "created")
        return document

    def composite(self, name: str, rule: str, **given: Any) -> dict[str, Any]:
        document = self.document(name, AlarmRule=rule, **given)
        self.evaluator.keep(read_composite_alarm(PREFIX + name, "000000000000", "us-east-1", document), "created")
        return document

    def put(self, value: float, name: str = "alarm", ago_s: float = 0.0) -> None:
        metric = MetricId("000000000000", "us-east-1", "N", name)
        self.metrics.put(metric, "Count", self.clock.now() - ago_s, [(value, 1.0)])

    def live(self, seconds: float) -> None:
        """Let time pass, and evaluate what is due, as the thread of the evaluator does."""
        for _ in range(int(seconds // 10)):
            self.passed_s += 10
            self.evaluator._do_due()

    def jump(self, seconds: float, *, lived: bool = False) -> None:
        self.clock.advance(seconds, lived=lived)
        self.evaluator.catch_up()

    def states(self) -> list[tuple[str, str]]:
        return [(change.alarm.name, change.after["StateValue"]) for change in self.changes]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_an_alarm_rings_a_little_after_the_minute_of_its_value_and_ends_after_the_next(bench: Bench) -> None:
    alarm, began = bench.alarm(TreatMissingData="notBreaching"), bench.clock.now()
    bench.put(6)
    bench.live(MINUTE_S)
    assert alarm["StateValue"] == "INSUFFICIENT_DATA"
    bench.live(DELAY_S)
    assert (alarm["StateValue"], bench.changes[0].at - began) == ("ALARM", MINUTE_S + DELAY_S)
    bench.put(1)
    bench.live(MINUTE_S)
    assert bench.states() == [("alarm", "ALARM"), ("alarm", "OK")]
    assert bench.acted == bench.changes


def test_periods_slide_by_the_minute(bench: Bench) -> None:
    alarm = bench.alarm(Period=300, TreatMissingData="notBreaching")
    bench.live(120)
    bench.put(6)
    bench.live(MINUTE_S + DELAY_S)
    assert alarm["StateValue"] == "ALARM"


@pytest.mark.parametrize("missing", ["breaching", "notBreaching", "ignore", "missing"])
@pytest.mark.parametrize("jumps", [[DAY_S], [MINUTE_S] * 50, [HOUR_S, 10.0, 5.0, HOUR_S]])
def test_a_jump_of_the_clock_is_no_gap_in_the_data(bench: Bench, missing: str, jumps: list[float]) -> None:
    alarm = bench.alarm(TreatMissingData=missing, EvaluationPeriods=3)
    for _ in range(6):
        bench.put(1)
        bench.live(MINUTE_S)
    assert alarm["StateValue"] == "OK"
    for seconds in jumps:
        bench.jump(seconds)
    bench.put(1)
    bench.live(2 * MINUTE_S)
    assert bench.states() == [("alarm", "OK")]


def test_an_expression_that_fills_gaps_rings_for_none_that_was_jumped_over_and_for_one_that_was_lived(
    bench: Bench,
) -> None:
    stat = {"Metric": {"Namespace": "N", "MetricName": "alarm"}, "Period": 60, "Stat": "Sum"}
    silent = [
        {"Id": "m", "MetricStat": stat, "ReturnData": False},
        {"Id": "e", "Expression": "FILL(m, 0)", "ReturnData": True},
    ]
    alarm = bench.alarm(Metrics=silent, ComparisonOperator="LessThanThreshold", Threshold=1.0, EvaluationPeriods=2)
    for _ in range(6):
        bench.put(1)
        bench.live(MINUTE_S)
    bench.jump(DAY_S)
    assert alarm["StateValue"] == "OK"
    bench.jump(HOUR_S, lived=True)
    assert alarm["StateValue"] == "ALARM"
    assert "2 datapoints [0.0 (" in alarm["StateReason"]


def test_silent_minutes_before_and_after_a_jump_count_together(bench: Bench) -> None:
    alarm = bench.alarm(TreatMissingData="breaching", EvaluationPeriods=3)
    bench.put(1)
    bench.live(4 * MINUTE_S)
    assert alarm["StateValue"] == "OK"
    bench.jump(DAY_S)
    assert alarm["StateValue"] == "OK"
    bench.live(3 * MINUTE_S)
    assert alarm["StateValue"] == "ALARM"


@pytest.mark.parametrize(
    ("lived", "rings"), [(False, [("b", 20), ("a", 10)]), (True, [("b", 20), ("a", 10), ("b", 5)])]
)
def test_values_within_a_jump_are_evaluated_in_order_with_their_times(
    bench: Bench, lived: bool, rings: list[tuple[str, int]]
) -> None:
    """Between the values of a jump there is nothing by which an alarm could end, unless it counts as lived."""
    bench.alarm("a", TreatMissingData="notBreaching")
    bench.alarm("b", TreatMissingData="notBreaching")
    bench.clock.advance(DAY_S, lived=lived)
    for name, hours in (("b", 20), ("a", 10), ("b", 5)):
        bench.put(6, name, ago_s=hours * HOUR_S)
    bench.evaluator.catch_up()
    rang = [change for change in bench.changes if change.after["StateValue"] == "ALARM"]
    now = bench.clock.now()
    assert [(change.alarm.name, round((now - change.at) / HOUR_S)) for change in rang] == rings
    assert [change.at for change in bench.changes] == sorted(change.at for change in bench.changes)


def test_the_same_states_come_of_a_jump_that_counts_as_lived_and_of_minutes_that_pass() -> None:
    def history(pass_time: Callable[[Bench], None]) -> list[tuple[str, str, float]]:
        bench = Bench()
        began = bench.clock.now()
        for missing in ("breaching", "notBreaching", "ignore", "missing"):
            bench.alarm(missing, TreatMissingData=missing, EvaluationPeriods=3, DatapointsToAlarm=2)
            bench.alarm(f"{missing}-5", TreatMissingData=missing, EvaluationPeriods=2, Period=300)
        for value in (1, 6, 6, 1, 6):
            for alarm in bench.evaluator.states():
                bench.put(value, alarm.rpartition(":")[2])
            bench.live(MINUTE_S)
        pass_time(bench)
        return sorted(
            (change.alarm.name, change.after["StateValue"], round(change.at - began)) for change in bench.changes
        )

    assert history(lambda bench: bench.jump(HOUR_S, lived=True)) == history(lambda bench: bench.live(HOUR_S))


def test_a_days_jump_evaluates_few_minutes_of_many_alarms(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(60):
        bench.alarm(f"alarm-{number}", Period=(60, 300, 3600)[number % 3], EvaluationPeriods=3)
        bench.put(6, f"alarm-{number}")
    evaluated: list[float] = []
    evaluate = bench.evaluator._evaluate

    def counted(alarm: MetricAlarm, at: float, now: float) -> None:
        evaluated.append(at)
        evaluate(alarm, at, now)

    monkeypatch.setattr(bench.evaluator, "_evaluate", counted)
    bench.jump(DAY_S)
    bench.jump(DAY_S, lived=True)
    assert len(evaluated) < 60 * 20


def test_an_alarm_whose_periods_are_more_than_a_day_is_evaluated_by_the_hour(bench: Bench) -> None:
    bench.alarm(Period=86_400, EvaluationPeriods=2, DatapointsToAlarm=1)
    bench.put(6)
    bench.live(HOUR_S + MINUTE_S)
    [change] = bench.changes
    assert (change.at - DELAY_S) % HOUR_S == 0


def test_a_state_that_was_set_lasts_until_the_next_evaluation(bench: Bench) -> None:
    alarm = bench.alarm(TreatMissingData="notBreaching")
    bench.evaluator.set_state(PREFIX + "alarm", State.ALARM, "a try", None)
    assert (alarm["StateValue"], alarm["StateReason"]) == ("ALARM", "a try")
    bench.live(MINUTE_S + DELAY_S)
    assert alarm["StateValue"] == "OK"


def test_evaluating_now_counts_the_minute_that_has_not_ended_where_it_has_values(bench: Bench) -> None:
    stat = {"Metric": {"Namespace": "N", "MetricName": "silent"}, "Period": 60, "Stat": "Sum"}
    filled = [{"Id": "m", "MetricStat": stat, "ReturnData": False}, {"Id": "e", "Expression": "10 - FILL(m, 0)"}]
    alarm, silent = bench.alarm(), bench.alarm("silent", Metrics=filled)
    bench.put(6, "silent")
    bench.live(MINUTE_S)
    bench.put(6)
    bench.evaluator.evaluate()
    assert (alarm["StateValue"], silent["StateValue"]) == ("ALARM", "OK")


def test_a_percentile_of_few_samples_keeps_the_state_where_it_is_to(bench: Bench) -> None:
    few = {"Statistic": None, "ExtendedStatistic": "p90"}
    ignores = bench.alarm("ignores", **few, EvaluateLowSampleCountPercentile="ignore")
    evaluates = bench.alarm("evaluates", **few)
    for name in ("ignores", "evaluates"):
        bench.put(6, name)
    bench.live(MINUTE_S + DELAY_S)
    assert (ignores["StateValue"], evaluates["StateValue"]) == ("INSUFFICIENT_DATA", "ALARM")


def test_a_composite_alarm_follows_its_children_and_names_the_one_that_made_it_change(bench: Bench) -> None:
    bench.alarm("a")
    bench.alarm("b")
    both = bench.composite("both", 'ALARM("a") AND ALARM(b)')
    above = bench.composite("above", "NOT OK(both)")
    assert (both["StateValue"], above["StateValue"]) == ("OK", "OK")
    assert both["StateReason"] == f"{PREFIX}both was created and its alarm rule evaluates to OK"
    bench.put(6, "a")
    bench.live(MINUTE_S + DELAY_S)
    assert both["StateValue"] == "OK"
    bench.put(6, "b")
    bench.live(MINUTE_S)
    assert (both["StateValue"], above["StateValue"]) == ("ALARM", "ALARM")
    assert both["StateReason"].startswith(f"{PREFIX}b transitioned to ALARM at ")
    assert f'"arn":"{PREFIX}b","state":{{"value":"ALARM"' in both["StateReasonData"]


def test_composite_alarms_in_a_circle_end(bench: Bench) -> None:
    bench.composite("one", "TRUE")
    bench.composite("two", "NOT ALARM(one)")
    bench.composite("one", "NOT ALARM(two)")
    assert len(bench.changes) < 10


def test_a_suppressed_alarm_acts_when_its_suppressor_has_ended_and_the_extension_is_over(bench: Bench) -> None:
    bench.alarm("deploying", TreatMissingData="notBreaching")
    bench.alarm("errors", TreatMissingData="notBreaching")
    suppressed = bench.composite(
        "page",
        "ALARM(errors)",
        ActionsSuppressor="deploying",
        ActionsSuppressorWaitPeriod=90,
        ActionsSuppressorExtensionPeriod=120,
    )
    bench.live(2 * MINUTE_S + DELAY_S)
    bench.acted.clear()
    bench.put(6, "errors")
    bench.live(MINUTE_S)
    assert (suppressed["StateValue"], suppressed["ActionsSuppressedBy"]) == ("ALARM", "WaitPeriod")
    bench.put(6, "deploying")
    bench.put(6, "errors")
    bench.live(MINUTE_S)
    assert suppressed["ActionsSuppressedBy"] == "Alarm"
    for _ in range(3):
        bench.put(6, "errors")
        bench.live(MINUTE_S)
    assert [change.alarm.name for change in bench.acted if change.alarm.name == "page"] == []
    while suppressed.get("ActionsSuppressedBy") == "Alarm":
        bench.put(6, "errors")
        bench.live(MINUTE_S)
    assert suppressed["ActionsSuppressedBy"] == "ExtensionPeriod"
    ended = bench.clock.now()
    bench.put(6, "errors")
    bench.jump(130)
    [page] = [change for change in bench.acted if change.alarm.name == "page"]
    assert page.after["StateValue"] == "ALARM"
    assert bench.clock.now() - ended >= 120
    assert "ActionsSuppressedBy" not in suppressed


def test_a_reset_gives_alarms_the_state_of_new_ones_and_acts_on_none(bench: Bench) -> None:
    alarm = bench.alarm(TreatMissingData="ignore")
    composite = bench.composite("composite", "NOT ALARM(alarm)")
    bench.put(6)
    bench.live(MINUTE_S + DELAY_S)
    bench.changes.clear()
    bench.evaluator.clear()
    assert (alarm["StateValue"], alarm["StateReason"]) == ("INSUFFICIENT_DATA", CREATED)
    assert composite["StateValue"] == "ALARM"
    bench.live(5 * MINUTE_S)
    assert bench.changes == []


MATH = {"Id": "m", "MetricStat": {"Metric": {"Namespace": "N", "MetricName": "M"}, "Period": 60, "Stat": "Sum"}}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Period": 61}, "multiple of 60"),
        ({"Statistic": "Median"}, "'Median' is no statistic"),
        ({"Statistic": None}, "either a Statistic or an ExtendedStatistic"),
        ({"MetricName": None}, "needs a MetricName"),
        ({"DatapointsToAlarm": 2}, "must be 1 to EvaluationPeriods"),
        ({"EvaluationPeriods": 1441}, "at most 86400 seconds"),
        ({"Threshold": None}, "Threshold must be given"),
        ({"Metrics": [MATH, {"Id": "e", "Expression": "m + x"}]}, "no query with the id 'x'"),
        ({"Metrics": [MATH, {"Id": "e", "Expression": "m + 1"}]}, "Exactly one element"),
        ({"Metrics": [{**MATH, "ReturnData": False}, {"Id": "e", "Expression": "SUM(m)"}]}, "one time series"),
        ({"Metrics": [{**MATH, "ReturnData": False}, {"Id": "e", "Expression": "[m, m]"}]}, "one time series"),
        ({"Metrics": [{**MATH, "Id": "M"}]}, "must begin with a lower-case letter"),
        ({"Metrics": [MATH, MATH]}, "not unique"),
        (
            {"Metrics": [{"Id": "a", "Expression": "b"}, {"Id": "b", "Expression": "a", "ReturnData": False}]},
            "it needs its own value, by a and b",
        ),
    ],
)
def test_an_alarm_that_makes_no_sense_is_refused(bench: Bench, given: dict[str, Any], message: str) -> None:
    with pytest.raises(AlarmError, match=message):
        bench.alarm(**given)
