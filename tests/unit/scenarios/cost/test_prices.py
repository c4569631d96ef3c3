"""Price lists: tiers, what is free, and files that are none."""

import tomllib
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.scenarios.flow.cases import case, database_case
from wavetank.pipeline.components.model import Component, Stream, StreamMode
from wavetank.pipeline.errors import ConfigurationError
from wavetank.scenarios.cost.bill import bill, usages
from wavetank.scenarios.cost.prices import Price, Tier, checked, read
from wavetank.scenarios.flow.flow import Case, Load

TEXT = files("wavetank.scenarios.cost").joinpath("prices.toml").read_text()
TIERED = Price(
    unit="unit", per=10, source="https://example.org/", free=5, regions={"here": (Tier(price=3, to=100), Tier(price=1))}
)


def test_units_beyond_a_tier_cost_the_price_of_the_next() -> None:
    assert TIERED.cost("here", 100) == pytest.approx(30)
    assert TIERED.cost("here", 150) == pytest.approx(30 + 5)


def test_what_is_free_is_taken_off_first_and_nothing_is_less_than_free() -> None:
    assert TIERED.cost("here", 105, free=True) == pytest.approx(30)
    assert TIERED.cost("here", 4, free=True) == 0


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_more_units_never_cost_less(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert TIERED.cost("here", low) <= TIERED.cost("here", high) + 1e-9


def test_every_price_has_both_regions_a_source_of_aws_and_a_day() -> None:
    listed = read()
    assert listed.regions == ["eu-central-1", "us-east-1"]
    assert listed.checked >= date(2026, 1, 1)
    assert {price.source.split("/")[2] for price in listed.prices.values()} == {"aws.amazon.com"}
    assert all(set(price.unverified) <= set(price.regions) for price in listed.prices.values())


def test_every_price_is_used_and_every_use_has_a_price() -> None:
    used: set[str] = set()
    for mode in StreamMode:
        base = case(10, component=Component(stream=Stream(mode=mode, retention_hours=200)))
        inventory = replace(base.inventory, composites={"shared": 1}, dashboards={"overview": (1,)})
        full = Case(base.components, inventory, Load(10, consumers=1))
        used |= {usage.price for usage in usages(full, 30)}
    used |= {usage.price for usage in usages(database_case(10, vpc_subnets=2), 30)}
    assert used == read().prices.keys()


def test_a_file_of_ones_own_takes_the_place_of_the_list(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(TEXT.replace("us-east-1 = 0.015, eu-central-1 = 0.018", "us-east-1 = 1.5, eu-central-1 = 1.8", 1))
    loaded, usual = read(own).in_region("us-east-1"), read().in_region("us-east-1")
    assert loaded.cost("kinesis.shard-hours", 1) == 1.5
    assert bill(usages(case(1), 30), loaded).usd > bill(usages(case(1), 30), usual).usd


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('unit = "shard-hour"', 'unitt = "shard-hour"', "prices.kinesis.shard-hours.unit"),
        ("per = 1\n", "per = 0\n", "greater than 0"),
        ("us-east-1 = 0.015", "us-east-1 = -1", "greater than or equal to 0"),
        ('[prices."kinesis.shard-hours"]', '[prices."kinesis.hours"]', "no price of kinesis.shard-hours"),
        ("{ to = 51_200, price = 0.023 }", "{ to = 999_999, price = 0.023 }", "rise in `to`"),
        ("checked = ", "checked ", "not TOML"),
    ],
)
def test_a_file_that_is_no_price_list_is_refused_with_the_rule(
    tmp_path: Path, before: str, after: str, message: str
) -> None:
    own = tmp_path / "own.toml"
    assert before in TEXT
    own.write_text(TEXT.replace(before, after, 1))
    with pytest.raises(ConfigurationError, match=message) as error:
        read(own)
    assert "own.toml" in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.toml cannot be read"):
        read(tmp_path / "none.toml")


def test_a_region_without_prices_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="no prices of mars-1, only of eu-central-1, us-east-1"):
        read().in_region("mars-1")


def test_a_tier_that_has_no_end_comes_last() -> None:
    document = tomllib.loads(TEXT)
    document["prices"]["s3.storage"]["regions"]["us-east-1"].reverse()
    with pytest.raises(ConfigurationError, match=r"s3\.storage"):
        checked(document, "prices.toml")
