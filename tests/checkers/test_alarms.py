"""An alarm rings when so many of its last datapoints breach the threshold, whatever is missing between them."""

from dataclasses import replace

import pytest

from wavetank.scenarios.oracle.alarms import Alarm, Missing, Watched

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
