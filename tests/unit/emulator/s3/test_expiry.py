"""Life-cycle rules expire what the S3 user guide says, at midnight UTC and not before."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.s3 import expiry
from wavetank.emulator.s3.expiry import Expiration, Rule, Version, expired, midnight_after

DAY = timedelta(days=1)
WRITTEN = datetime(2014, 1, 15, 10, 30, tzinfo=UTC)
"""The example of the user guide, "Lifecycle rules: based on an object's age"."""
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


def rule(**parts: Any) -> Rule:
    return {"ID": "r", "Status": "Enabled", "Filter": {}, **parts}


def after(days: int, **parts: Any) -> Rule:
    return rule(Expiration={"Days": days}, **parts)


def of(*rules: Rule, key: str = "logs/a", size: int = 10, **tags: str) -> datetime | None:
    expiration = expiry.of_current(rules, Version(key, WRITTEN, size, tags))
    return None if expiration is None else expiration.moment


def test_days_are_added_and_rounded_up_to_the_next_midnight() -> None:
    assert of(after(3)) == datetime(2014, 1, 19, tzinfo=UTC)


@given(MOMENTS, st.integers(0, 5_000))
def test_what_is_so_many_days_old_goes_within_a_day_and_at_midnight(moment: datetime, days: int) -> None:
    goes = midnight_after(moment, days)
    assert timedelta(0) < goes - (moment + days * DAY) <= DAY
    assert goes.time() == datetime.min.time()


def test_the_midnight_is_that_of_utc_wherever_a_time_was_written_down() -> None:
    tokyo = WRITTEN.astimezone(timezone(timedelta(hours=9)))
    assert midnight_after(tokyo, 3) == datetime(2014, 1, 19, tzinfo=UTC)


TAG = {"Key": "done", "Value": "yes"}


@pytest.mark.parametrize(
    ("scope", "is_meant"),
    [
        ({}, True),
        ({"Prefix": ""}, True),
        ({"Prefix": "logs/"}, True),
        ({"Prefix": "log"}, True),
        ({"Prefix": "data/"}, False),
        ({"Tag": TAG}, True),
        ({"Tag": {"Key": "done", "Value": "Yes"}}, False),
        ({"Tag": {"Key": "Done", "Value": "yes"}}, False),
        ({"ObjectSizeGreaterThan": 9}, True),
        ({"ObjectSizeGreaterThan": 10}, False),
        ({"ObjectSizeLessThan": 11}, True),
        ({"ObjectSizeLessThan": 10}, False),
        ({"And": {"Prefix": "logs/", "Tags": [TAG, {"Key": "more", "Value": ""}]}}, True),
        ({"And": {"Prefix": "logs/", "Tags": [TAG, {"Key": "less", "Value": ""}]}}, False),
        ({"And": {"Prefix": "data/", "Tags": [TAG]}}, False),
        ({"And": {"Prefix": "logs/", "ObjectSizeGreaterThan": 9, "ObjectSizeLessThan": 11}}, True),
        ({"And": {"Prefix": "logs/", "ObjectSizeGreaterThan": 10, "ObjectSizeLessThan": 11}}, False),
    ],
)
def test_a_rule_is_about_what_all_of_its_filter_takes(scope: dict[str, Any], is_meant: bool) -> None:
    moment = of(after(1, Filter=scope), done="yes", more="")
    assert (moment is not None) is is_meant


def test_an_object_without_a_tag_stays_where_the_rule_asks_for_one() -> None:
    assert of(after(1, Filter={"And": {"Prefix": "logs/", "Tags": [TAG]}})) is None


def test_a_disabled_rule_does_nothing() -> None:
    assert of(after(1, Status="Disabled")) is None


def test_of_several_rules_the_first_moment_counts() -> None:
    rules = (after(9, ID="late"), after(2, ID="early"), after(5, ID="mid"))
    assert expiry.of_current(rules, Version("a", WRITTEN)) == Expiration(datetime(2014, 1, 18, tzinfo=UTC), "early")


def test_a_date_is_the_moment_itself() -> None:
    date = datetime(2014, 2, 1, tzinfo=UTC)
    assert of(rule(Expiration={"Date": date})) == date


def test_a_rule_with_a_prefix_of_its_own_as_of_old_is_heeded() -> None:
    old = {"ID": "r", "Status": "Enabled", "Prefix": "logs/", "Expiration": {"Days": 1}}
    assert of(old) is not None
    assert of(old, key="data/a") is None


def at(*days: float, markers: tuple[int, ...] = ()) -> list[Version]:
    """Versions of one key, the newest first, that were written so many days after the first moment."""
    return [Version("k", WRITTEN + day * DAY, is_marker=position in markers) for position, day in enumerate(days)]


def test_a_noncurrent_version_counts_from_when_a_newer_one_was_written() -> None:
    rules = [rule(NoncurrentVersionExpiration={"NoncurrentDays": 5})]
    versions = at(10, 4, 0)
    assert list(expired(rules, versions, WRITTEN + 10 * DAY)) == [2]
    assert list(expired(rules, versions, WRITTEN + 15 * DAY)) == [2]
    assert list(expired(rules, versions, WRITTEN + 16 * DAY)) == [1, 2]


def test_so_many_newer_noncurrent_versions_are_kept_whatever_their_age() -> None:
    rules = [rule(NoncurrentVersionExpiration={"NoncurrentDays": 1, "NewerNoncurrentVersions": 2})]
    assert list(expired(rules, at(4, 3, 2, 1, 0), WRITTEN + 100 * DAY)) == [3, 4]


def test_a_current_version_and_those_behind_it_go_by_their_own_rules() -> None:
    rules = [after(3), rule(NoncurrentVersionExpiration={"NoncurrentDays": 50})]
    assert list(expired(rules, at(2, 0), WRITTEN + 6 * DAY)) == [0]


def test_a_delete_marker_goes_once_no_version_is_behind_it() -> None:
    rules = [rule(Expiration={"ExpiredObjectDeleteMarker": True})]
    assert list(expired(rules, at(1, markers=(0,)), WRITTEN + DAY)) == [0]
    assert list(expired(rules, at(1, 0, markers=(0,)), WRITTEN + 9 * DAY)) == []


def test_days_take_away_a_lone_delete_marker_as_well() -> None:
    assert list(expired([after(3)], at(0, markers=(0,)), WRITTEN + 3 * DAY)) == []
    assert list(expired([after(3)], at(0, markers=(0,)), WRITTEN + 4 * DAY)) == [0]


def test_an_unfinished_upload_is_aborted_by_the_first_rule_for_its_key() -> None:
    abort = [
        rule(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7}),
        rule(Filter={"Prefix": "logs/"}, AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1}),
    ]
    assert expiry.of_upload(abort, "logs/a", WRITTEN) == datetime(2014, 1, 17, tzinfo=UTC)
    assert expiry.of_upload(abort, "data/a", WRITTEN) == datetime(2014, 1, 23, tzinfo=UTC)
    assert expiry.of_upload([after(1)], "data/a", WRITTEN) is None


@given(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.integers(0, 40))
def test_nothing_that_has_expired_comes_back_with_time(days: list[int], passed: int) -> None:
    rules = [after(days[0]), rule(NoncurrentVersionExpiration={"NoncurrentDays": days[-1]})]
    versions = at(*sorted(range(len(days)), reverse=True))
    earlier = set(expired(rules, versions, WRITTEN + passed * DAY))
    assert earlier <= set(expired(rules, versions, WRITTEN + (passed + 1) * DAY))
