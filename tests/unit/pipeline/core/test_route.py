"""An event has one partition, which follows from its type, id and time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pipeline.examples import HOUR_US, NOON_US
from wavetank.pipeline.core.route import bucket_of_digest, digest_of, partition_key, route
from wavetank.pipeline.core.schema import FIRST_TIME_US, LAST_TIME_US
from wavetank.pipeline.layout import Partition
from wavetank.pipeline.records import Fields


def test_the_last_microsecond_of_an_hour_is_in_that_hour_and_the_next_is_not() -> None:
    last = route("ping", "a", NOON_US - 1, 1)
    first = route("ping", "a", NOON_US, 1)
    assert (last.date, last.hour) == ("2019-11-24", 11)
    assert (first.date, first.hour) == ("2019-11-24", 12)


def test_midnight_begins_the_next_date() -> None:
    midnight = NOON_US + 12 * HOUR_US
    assert route("ping", "a", midnight - 1, 1).path == "event=ping/date=2019-11-24/hour=23/bucket=00"
    assert route("ping", "a", midnight, 1).path == "event=ping/date=2019-11-25/hour=00/bucket=00"


def test_every_year_has_four_digits() -> None:
    assert route("ping", "a", FIRST_TIME_US, 1).path == "event=ping/date=0001-01-01/hour=00/bucket=00"
    assert route("ping", "a", LAST_TIME_US, 1).path == "event=ping/date=9999-12-31/hour=23/bucket=00"


@given(st.text(), st.integers(FIRST_TIME_US, LAST_TIME_US), st.integers(1, 64))
def test_a_path_leads_back_to_its_partition(event_id: str, time_us: int, buckets: int) -> None:
    partition = route("ping", event_id, time_us, buckets)
    assert Partition.from_path(partition.path) == partition
    assert 0 <= partition.bucket < buckets


def test_buckets_are_the_first_32_bits_of_the_md5_of_the_id() -> None:
    assert bucket_of_digest(digest_of(b"a"), 2**32) == 0x0CC175B9


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"campaign": "men"}, "men"),
        ({"campaign": 7}, "7"),
        ({"campaign": None}, "id"),
        ({"campaign": ""}, "id"),
        ({}, "id"),
    ],
)
def test_an_event_is_put_by_the_value_of_a_field_and_by_its_id_without_one(fields: Fields, key: str) -> None:
    assert partition_key(fields, "campaign", "id") == key
