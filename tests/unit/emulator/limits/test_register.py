"""The register of limits: what can be enforced, with which values, and what is counted."""

import pytest

from wavetank.emulator.limits.register import KINDS, InvalidLimitError, Limit, Limits


def values(limits: Limits) -> dict[Limit, int]:
    return {status.limit: status.value for status in limits.statuses() if status.value is not None}


def test_by_default_no_limit_is_enforced() -> None:
    assert values(Limits()) == {}


@pytest.mark.parametrize("limit", Limit)
def test_a_limit_without_a_value_has_that_of_aws(limit: Limit) -> None:
    limits = Limits()
    limits.enforce(limit)
    assert (limits.value(limit), limits.share(limit)) == (KINDS[limit].value, 1)


def test_a_lower_value_is_a_share_of_that_of_aws() -> None:
    limits = Limits()
    limits.enforce(Limit.SHARD_LIMITS, 10)
    assert (limits.value(Limit.SHARD_LIMITS), limits.share(Limit.SHARD_LIMITS)) == (10, 0.01)


@pytest.mark.parametrize("value", [0, -1, 1_001, 1.5, True, "10", [1]])
def test_a_value_that_is_none_is_refused_with_the_bounds(value: object) -> None:
    with pytest.raises(InvalidLimitError, match="a whole number from 1 to 1,000"):
        Limits().enforce(Limit.ACCOUNT_CONCURRENCY, value)


def test_a_name_that_is_none_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidLimitError, match="no limit 'shards'; there are: account-concurrency"):
        Limits().enforce("shards")


def test_refusals_are_counted_until_the_limit_is_enforced_anew() -> None:
    limits = Limits()
    limits.enforce(Limit.SHARD_LIMITS)
    limits.refuse(Limit.SHARD_LIMITS, 3)
    limits.refuse(Limit.SHARD_LIMITS)
    refused = {status.limit: status.refused for status in limits.statuses()}
    assert refused == {limit: 4 if limit is Limit.SHARD_LIMITS else 0 for limit in Limit}
    limits.enforce(Limit.SHARD_LIMITS)
    assert not any(status.refused for status in limits.statuses())


def test_released_limits_hold_nobody() -> None:
    limits = Limits("shard-limits, account-concurrency=7")
    assert values(limits) == {Limit.SHARD_LIMITS: 1_000, Limit.ACCOUNT_CONCURRENCY: 7}
    limits.release()
    assert values(limits) == {}


@pytest.mark.parametrize("text", ["shard-limit", "shard-limits=many", "shard-limits=0", "shard-limits=="])
def test_a_variable_that_names_no_limit_is_refused(text: str) -> None:
    with pytest.raises(InvalidLimitError):
        Limits(text)
