"""A scheduled function knows no time but its event's."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.pipeline.aws.environment import hours_back, number_of, partition_key, sizes, time_of
from wavetank.pipeline.core.sizes import SIZES, Sizes
from wavetank.pipeline.errors import ConfigurationError

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


def test_now_is_the_time_of_the_event() -> None:
    assert time_of({"time": "2019-11-24T12:00:00Z"}) == datetime(2019, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize("event", [{}, {"time": 7}, {"time": "noon"}])
def test_an_event_without_a_time_is_refused(event: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="time"):
        time_of(event)


def test_sizes_are_those_of_the_environment_where_it_has_some(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sizes() == SIZES
    for name, value in (("BLOCK_BYTES", "1"), ("ROW_GROUP_ROWS", "2"), ("MERGE_BYTES", "3"), ("PIECE_RECORDS", "4")):
        monkeypatch.setenv(name, value)
    assert sizes() == Sizes(block_bytes=1, row_group_rows=2, merge_bytes=3, piece_records=4)


@pytest.mark.parametrize("value", ["0", "-1", "many", "131073"])
def test_a_size_that_is_none_or_too_large_is_refused_with_the_rule(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("ROW_GROUP_ROWS", value)
    with pytest.raises(ConfigurationError, match="ROW_GROUP_ROWS is to be"):
        sizes()


def test_a_number_of_an_event_type_is_its_own_where_it_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HASH_BUCKETS", "2")
    assert number_of("HASH_BUCKETS", "click") == 2
    monkeypatch.setenv("HASH_BUCKETS_BY_EVENT", '{"click":7}')
    assert number_of("HASH_BUCKETS", "click") == 7
    assert number_of("HASH_BUCKETS", "impression") == 2


@pytest.mark.parametrize("text", ["{", "[]", '{"click":"7"}', '{"click":true}', '{"click":-1}', '{"click":1.5}'])
def test_numbers_of_event_types_that_are_none_are_refused_by_name(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("HASH_BUCKETS", "2")
    monkeypatch.setenv("HASH_BUCKETS_BY_EVENT", text)
    with pytest.raises(ConfigurationError, match="HASH_BUCKETS_BY_EVENT is to"):
        number_of("HASH_BUCKETS", "click")


def test_events_are_put_by_their_id_where_nothing_else_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert partition_key() == "event_id"
    monkeypatch.setenv("PARTITION_KEY", "campaign")
    assert partition_key() == "campaign"


@given(MOMENTS, st.integers(1, 48))
def test_the_window_holds_every_moment_of_the_last_hours_and_none_after_now(now: datetime, hours: int) -> None:
    window = list(hours_back(now, hours))
    oldest, newest = now - timedelta(hours=hours), now - timedelta(microseconds=1)
    assert window[0] <= oldest < window[0] + timedelta(hours=1)
    assert window[-1] <= newest < window[-1] + timedelta(hours=1)
    assert all(later - earlier == timedelta(hours=1) for earlier, later in itertools.pairwise(window))


def test_the_window_of_the_first_hour_there_is_begins_with_time_itself() -> None:
    assert list(hours_back(datetime(1, 1, 1, 0, 30, tzinfo=UTC), 12)) == [datetime(1, 1, 1, tzinfo=UTC)]


def test_the_window_of_the_last_hour_there_is_ends_with_it() -> None:
    end = datetime.max.replace(tzinfo=UTC)
    assert list(hours_back(end, 2))[-1] == end.replace(minute=0, second=0, microsecond=0)
