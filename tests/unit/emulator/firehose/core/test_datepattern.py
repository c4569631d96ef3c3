"""Java date patterns."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from wavetank.emulator.firehose.core.datepattern import DatePatternError, format_date

AUGUST = datetime(2018, 8, 7, 15, 4, 9, 123456, tzinfo=UTC)  # a Tuesday


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("yyyy/MM/dd/HH/", "2018/08/07/15/"),
        ("yy-M-d", "18-8-7"),
        ("yyyy'-'MM'-'dd", "2018-08-07"),
        ("'year='yyyy", "year=2018"),
        ("h:mm:ss a", "3:04:09 PM"),
        ("DDD", "219"),
        ("MMM EEE", "Aug Tue"),
        ("MMMM EEEE", "August Tuesday"),
        ("ss.SSS", "09.123"),
        ("''yyyy''", "'2018'"),
        ("Q", "3"),
        ("XXX Z", "Z +0000"),
        ("uuuu", "2018"),
    ],
)
def test_a_pattern_is_written_as_java_does(pattern: str, text: str) -> None:
    assert format_date(pattern, AUGUST) == text


def test_the_week_based_year_differs_from_the_year_at_its_end() -> None:
    assert format_date("YYYY/yyyy ww", datetime(2018, 12, 31, tzinfo=UTC)) == "2019/2018 01"


def test_midnight_is_0_12_or_24() -> None:
    assert format_date("H h k K", datetime(2018, 1, 1, 0, tzinfo=UTC)) == "0 12 24 0"


def test_the_time_zone_is_that_of_the_instant() -> None:
    tokyo = AUGUST.astimezone(ZoneInfo("Asia/Tokyo"))
    assert format_date("dd HH XXX Z", tokyo) == "08 00 +09:00 +0900"


@pytest.mark.parametrize("pattern", ["b", "dd{", "yyyy'", "HHH", "MMMMMM"])
def test_what_java_refuses_is_refused(pattern: str) -> None:
    with pytest.raises(DatePatternError):
        format_date(pattern, AUGUST)
