"""An alarm rings when so many of its last datapoints breach the threshold, whatever is missing between them."""

from dataclasses import replace

import pytest

from wavetank.scenarios.oracle.alarms import Alarm, Composite, Missing, Watched, WatchedComposite

MINUTE_S = 60
BEHIND = Alarm("behind", MINUTE_S, 3, 3, "GreaterThanThreshold", 15.0, Missing.NOT_BREACHING)
BAD, GOOD = 16.0, 3.0


def rang(points: str, alarm: Alarm = BEHIND) -> bool:
    """A character is a period: X breaches, 0 does not, - is missing."""
    values = {7.0 + MINUTE_S * n: BAD if point == "X" else GOOD for n, point in enumerate(points) if point != "-"}
    return Watched(alarm, values).rang


@pytest.mark.parametrize("points", ["XXX", "00XXX", "XXX00", "0XXX0", "X-X-X", "XX--X", "0X-XX"])
def test_it_rings_when_the_last_datapoints_breach(points: str) -> None:
    assert rang(points)


@pytest.mark.parametrize("points", ["", "000", "XX", "XX0XX0XX", "X0X0X", "X---XX", "XX---X", "-X-X-"])
def test_it_is_silent_when_too_few_breach_or_they_are_too_far_apart(points: str) -> None:
    assert not rang(points)


def test_some_of_several_datapoints_are_enough_where_the_alarm_says_so() -> None:
    two_of_three = replace(BEHIND, datapoints=2)
    assert rang("X0X", two_of_three)
    assert not rang("X00X", two_of_three)


def test_a_missing_datapoint_breaches_where_the_alarm_says_so() -> None:
    assert rang("X", replace(BEHIND, missing=Missing.BREACHING))
    assert not rang("X", replace(BEHIND, missing=Missing.IGNORE))


def test_one_period_is_one_datapoint() -> None:
    once = replace(BEHIND, periods=1, datapoints=1)
    assert rang("0X0", once)
    assert not rang("000", once)


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    [
        ("GreaterThanThreshold", [16.0]),
        ("GreaterThanOrEqualToThreshold", [15.0, 16.0]),
        ("LessThanThreshold", [14.0]),
        ("LessThanOrEqualToThreshold", [14.0, 15.0]),
    ],
)
def test_each_comparison_has_the_datapoint_on_its_left(comparison: str, breaching: list[float]) -> None:
    alarm = replace(BEHIND, comparison=comparison)
    assert [value for value in (14.0, 15.0, 16.0) if alarm.breaches(value)] == breaching


def test_another_comparison_is_an_error_and_not_silence() -> None:
    with pytest.raises(KeyError):
        rang("X", replace(BEHIND, comparison="LessThanLowerThreshold"))


SILENT = Alarm("silent", MINUTE_S, 3, 3, "LessThanThreshold", 1.0, Missing.BREACHING)


def tells(points: str, *stretches: range) -> bool:
    """Whether it tells silence over stretches of periods; a character is a period: 1 has a record, - is missing."""
    return Watched(SILENT, {MINUTE_S * n: 1.0 for n, point in enumerate(points) if point == "1"}, stretches).rang


@pytest.mark.parametrize(
    ("points", "stretches", "rings"),
    [
        ("1-----", [range(6)], True),
        ("1----", [range(5)], False),
        ("---", [range(3)], True),
        ("--", [range(2)], False),
        ("1-1-1-1-", [range(8)], False),
        ("1------", [range(3), range(5, 7)], False),
        ("1------", [range(3), range(4, 7)], True),
    ],
)
def test_silence_is_read_only_where_the_clock_went_through(points: str, stretches: list[range], rings: bool) -> None:
    assert tells(points, *stretches) is rings


def composed(rule: str, **points: str) -> bool:
    """Whether a composite alarm rings; its parts ring after each X."""
    once = replace(BEHIND, periods=1, datapoints=1)
    parts = tuple(
        Watched(
            replace(once, name=name),
            {7.0 + MINUTE_S * n: BAD if point == "X" else GOOD for n, point in enumerate(text)},
        )
        for name, text in points.items()
    )
    return WatchedComposite(Composite("composed", rule), parts).rang


@pytest.mark.parametrize(
    ("rule", "rings"),
    [
        ('ALARM("a") OR ALARM("b")', True),
        ('ALARM("a") AND ALARM("b")', False),
        ('ALARM("a") AND ALARM("c")', True),
        ('ALARM("a") AND NOT ALARM("c")', False),
        ('ALARM("d") OR ALARM("b") AND ALARM("a")', False),
        ('(ALARM("d") OR ALARM("b")) AND OK("a")', True),
        ("ALARM(d)", False),
        ('ALARM("arn:aws:cloudwatch:us-east-1:000000000000:alarm:a")', True),
        ('INSUFFICIENT_DATA("a")', False),
        ('NOT (ALARM("a") OR OK("a")) OR FALSE', False),
        ("TRUE", True),
    ],
)
def test_a_composite_alarm_rings_while_its_rule_holds_of_its_parts(rule: str, rings: bool) -> None:
    assert composed(rule, a="0X0", b="X00", c="0X0", d="000") is rings


@pytest.mark.parametrize("rule", ['ALARM("x")', "ALARM(a", "NOT", 'ALARM("a") ALARM("a")', 'ALARM("a") XOR ALARM("a")'])
def test_a_rule_that_is_none_is_an_error_and_not_silence(rule: str) -> None:
    with pytest.raises(ValueError, match=r"rule|no alarm|missing|too much"):
        _ = composed(rule, a="0X0")
