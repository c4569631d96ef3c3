"""A dashboard shows whole periods, few enough for one call, up to now."""

from hypothesis import given
from hypothesis import strategies as st

from wavetank.scenarios.dashboard.span import LONGEST, MOST_PERIODS, PERIODS_S, Span


@given(st.floats(0, 4e9), st.integers(1, int(LONGEST.total_seconds())))
def test_a_span_holds_now_and_as_much_before_it_as_was_asked_for(now: float, seconds: int) -> None:
    span = Span.until(now, seconds)
    assert span.end - span.period_s <= now < span.end
    assert 0 <= span.seconds - seconds < span.period_s
    assert span.start % span.period_s == span.end % span.period_s == 0
    assert span.seconds // span.period_s <= MOST_PERIODS or span.period_s == PERIODS_S[-1]


def test_a_span_says_what_it_is() -> None:
    assert str(Span.until(1_800_000_000, 3600)) == "2027-01-15 07:01 to 08:01 UTC, a point for each 1 min"
    assert str(Span.until(1_800_000_000, 86_400 * 3)).startswith("2027-01-12 09:00 to 2027-01-15 09:00 UTC")
