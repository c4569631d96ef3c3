"""Values of options that name times and lengths of time: what they mean, and what is refused."""

from datetime import UTC, datetime, timedelta

import pytest
import typer

from wavetank.scenarios.commands.options import duration, since

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MOST = timedelta(days=455)
DURATIONS = {
    "90s": timedelta(seconds=90),
    "15m": timedelta(minutes=15),
    "3h": timedelta(hours=3),
    "2d": timedelta(days=2),
    "1w": timedelta(weeks=1),
}
NEITHER = ["", "3", "h", "-1h", "1.5h", "3 h", "3h\n", "٣h", "1234567s"]


@pytest.mark.parametrize("text", DURATIONS)
def test_a_duration_is_a_number_and_a_unit_and_an_age_is_a_duration_before_now(text: str) -> None:
    assert duration("--last", text, MOST) == DURATIONS[text]
    assert since("--since", text, NOW) == NOW - DURATIONS[text]


@pytest.mark.parametrize("text", [*NEITHER, "0h", "999w"])
def test_what_is_no_duration_is_refused_with_the_rule(text: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"is no duration: a number with s, m, h, d or w.* at most 455d"):
        duration("--last", text, MOST)


@pytest.mark.parametrize("text", [*NEITHER, "999999w", "yesterday"])
def test_what_is_neither_a_time_nor_an_age_is_refused_with_the_rule(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is neither a time"):
        since("--since", text, NOW)


@pytest.mark.parametrize("text", ["2026-05-01", "2026-05-01T02:00+02:00", "2026-05-01T00:00Z"])
def test_a_time_is_one_of_iso_8601_and_of_utc_where_it_names_no_zone(text: str) -> None:
    assert since("--since", text, NOW) == datetime(2026, 5, 1, tzinfo=UTC)
