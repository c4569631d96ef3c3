"""Schedule expressions are due when AWS says, in their time zone."""

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wavetank.emulator.scheduler.expression import InvalidExpressionError, parse

BERLIN, SYDNEY, Z = ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Sydney"), ZoneInfo("UTC")
DAY_S = 86_400


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def due(text: str, after: str, times: int = 1, zone: ZoneInfo = Z, start: str = "2000-01-01") -> list[str]:
    """The next moments at which an expression is due, in UTC."""
    expression, moment, moments = parse(text, zone), at(after), []
    for _ in range(times):
        following = expression.next(moment, at(start))
        if following is None:
            break
        moments.append(datetime.fromtimestamp(following, UTC).strftime("%Y-%m-%d %H:%M"))
        moment = following
    return moments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cron(0 12 * * ? *)", ["2026-11-29 12:00", "2026-11-30 12:00"]),
        ("cron(0/15 8-9 ? * MON-FRI *)", ["2026-11-30 08:00", "2026-11-30 08:15"]),
        ("cron(30 10 ? * 1 *)", ["2026-11-29 10:30", "2026-12-06 10:30"]),
        ("cron(30 10 ? * SUN,7 *)", ["2026-11-29 10:30", "2026-12-05 10:30"]),
        ("cron(0 0 L * ? *)", ["2026-11-30 00:00", "2026-12-31 00:00"]),
        ("cron(0 0 1W * ? *)", ["2026-12-01 00:00", "2027-01-01 00:00"]),
        ("cron(0 0 ? * 6L *)", ["2026-12-25 00:00", "2027-01-29 00:00"]),
        ("cron(0 0 ? * L *)", ["2026-12-05 00:00", "2026-12-12 00:00"]),
        ("cron(0 0 ? * 2#1 *)", ["2026-12-07 00:00", "2027-01-04 00:00"]),
        ("cron(5 4 3 JAN,7 ? 2027-2028)", ["2027-01-03 04:05", "2027-07-03 04:05"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("cron(0 0 1 1 ? 2026)", []),
        ("cron(0 0 31 2 ? *)", []),
        ("cron(59 23 31 12 ? 2199)", ["2199-12-31 23:59"]),
    ],
)
def test_a_cron_expression_is_due_at_its_times(text: str, expected: list[str]) -> None:
    assert due(text, "2026-11-29 08:00", 2) == expected


def test_a_working_day_is_in_its_month_and_nearest() -> None:
    assert due("cron(0 0 1W 8 ? *)", "2026-01-01", 1) == ["2026-08-03 00:00"]
    assert due("cron(0 0 31W 1 ? *)", "2026-01-01", 1) == ["2026-01-30 00:00"]
    assert due("cron(0 0 31W 2 ? 2026)", "2026-01-01", 1) == []


def test_a_time_that_the_zone_skips_is_left_out_and_one_that_comes_twice_counts_once() -> None:
    assert due("cron(30 2 * * ? *)", "2026-03-28 12:00", 2, BERLIN) == ["2026-03-30 00:30", "2026-03-31 00:30"]
    assert due("cron(30 2 * * ? *)", "2026-10-24 12:00", 2, BERLIN) == ["2026-10-25 00:30", "2026-10-26 01:30"]
    assert due("cron(0 9 ? * MON *)", "2026-11-29 08:00", 1, SYDNEY) == ["2026-11-29 22:00"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rate(1 minute)", ["2026-11-29 08:01", "2026-11-29 08:02"]),
        ("rate(36 hours)", ["2026-11-30 00:00", "2026-12-01 12:00"]),
        ("rate(7 days)", ["2026-12-01 12:00", "2026-12-08 12:00"]),
    ],
)
def test_a_rate_counts_from_the_start(text: str, expected: list[str]) -> None:
    start = "2026-11-24 12:00" if "day" in text else "2026-11-24 00:00"
    assert due(text, "2026-11-29 08:00", 2, start=start) == expected


def test_a_rate_is_due_at_its_start() -> None:
    assert due("rate(1 hour)", "2026-11-29 07:59", 2, start="2026-11-29 08:00") == [
        "2026-11-29 08:00",
        "2026-11-29 09:00",
    ]


def test_a_single_time_comes_once_in_its_zone() -> None:
    assert due("at(2026-12-24T18:00:00)", "2026-11-29", 2, BERLIN) == ["2026-12-24 17:00"]
    assert due("at(2026-12-24T18:00:00)", "2026-12-25", 2, BERLIN) == []


@settings(max_examples=60)
@given(
    st.sampled_from(["* * * * ? *", "0/7 3,9-11 ? * TUE-THU *", "5 4 L * ? *", "0 0 ? * 5#3 *", "30 2 * * ? *"]),
    st.floats(at("2020-01-01"), at("2030-01-01")),
    st.sampled_from([Z, BERLIN, SYDNEY]),
)
def test_nothing_is_due_between_a_moment_and_the_next(fields: str, after: float, zone: ZoneInfo) -> None:
    expression = parse(f"cron({fields})", zone)
    following = expression.next(after, 0)
    assert following is not None
    assert after < following
    between = min((after + following) / 2, math.nextafter(following, 0))
    assert expression.next(between, 0) == following
    assert expression.next(after, following) == following


REFUSED = (
    "", "every minute", "rate(0 minutes)", "rate(1 minutes)", "rate(2 minute)", "rate(1 week)", "rate(٣ minutes)",
    "rate(1minute)", "at(2026-13-01T00:00:00)", "at(2026-02-30T00:00:00)", "at(soon)", "cron()", "cron(0 0 * * *)",
    "cron(0 0 * * * *)", "cron(0 0 ? * ? *)", "cron(60 0 * * ? *)", "cron(0 24 * * ? *)", "cron(0 0 0 * ? *)",
    "cron(0 0 ? * 8 *)", "cron(0 0 ? * MON#6 *)", "cron(0 0 * 13 ? *)", "cron(0 0 * * ? 1969)",
    "cron(0 0 5-1 * ? *)", "cron(0/0 0 * * ? *)", "cron(0/x 0 * * ? *)", "cron(, 0 * * ? *)", "cron(0 0 32W * ? *)",
)  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_anything_else_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(InvalidExpressionError) as refusal:
        parse(text, Z)
    assert str(refusal.value).startswith(f"{text}: ")
