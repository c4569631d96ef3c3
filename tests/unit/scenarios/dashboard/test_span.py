"""A dashboard shows whole periods, few enough for one call, up to now."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.scenarios.dashboard.span import LONGEST_S, MOST_PERIODS, PERIODS_S, Span, seconds_of


@given(st.floats(0, 4e9), st.integers(1, LONGEST_S))
def test_a_span_holds_now_and_as_much_before_it_as_was_asked_for(now: float, seconds: int) -> None:
    span = Span.until(now, seconds)
    assert span.end - span.period_s <= now < span.end
    assert 0 <= span.seconds - seconds < span.period_s
    assert span.start % span.period_s == span.end % span.period_s == 0
    assert span.seconds // span.period_s <= MOST_PERIODS or span.period_s == PERIODS_S[-1]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("3h", 10_800), ("2d", 172_800), ("1w", 604_800)]
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "3", "h", "0h", "-1h", "1.5h", "3 h", "999w", "3h\n", "٣h"])
def test_anything_else_is_refused_with_the_rule(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration: a number with s, m, h, d or w"):
        seconds_of(text)


def test_a_span_says_what_it_is() -> None:
    assert str(Span.until(1_800_000_000, 3600)) == "2027-01-15 07:01 to 08:01 UTC, a point for each 1 min"
    assert str(Span.until(1_800_000_000, 86_400 * 3)).startswith("2027-01-12 09:00 to 2027-01-15 09:00 UTC")
