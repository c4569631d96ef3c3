"""Price lists: prices by what is counted and by region, read from TOML; `prices.toml` says how one is written."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from math import inf
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wavetank.pipeline.errors import ConfigurationError

PRICES = "prices.toml"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tier(_Table):
    """A price that holds up to the `to`-th unit of a month."""

    price: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    to: Annotated[float, Field(gt=0)] = inf


class Price(_Table):
    """The price of `per` of a unit, by region."""

    unit: str
    per: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    source: str
    free: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0
    unverified: tuple[str, ...] = ()
    regions: Annotated[
        Mapping[str, Annotated[float, Field(ge=0, allow_inf_nan=False)] | tuple[Tier, ...]], Field(min_length=1)
    ]

    def tiers(self, region: str) -> Sequence[Tier]:
        """The tiers of a region, the cheapest units last."""
        price = self.regions[region]
        return price if isinstance(price, tuple) else (Tier(price=price),)

    def cost(self, region: str, quantity: float, *, free: bool = False) -> float:
        """The cost of so many units in a month; `free`: less those that cost nothing."""
        left, before, cost = max(0.0, quantity - self.free) if free else quantity, 0.0, 0.0
        for tier in self.tiers(region):
            units = min(left, tier.to - before)
            cost += units * tier.price / self.per
            left, before = left - units, tier.to
        return cost


class PriceList(_Table):
    """A price list. checked: the day on which it was compared with its sources."""

    checked: date
    currency: str
    prices: Mapping[str, Price]

    @property
    def regions(self) -> list[str]:
        """The regions that it has every price of."""
        every = [set(price.regions) for price in self.prices.values()]
        return sorted(set.intersection(*every)) if every else []

    def in_region(self, region: str) -> "RegionalPrices":
        """The prices of a region. Raises ConfigurationError where there are none, with the regions there are."""
        if region not in self.regions:
            raise ConfigurationError(
                f"the price list of {self.checked} has no prices of {region}, only of {', '.join(self.regions)}: "
                "name one of them with --region, or give a list of your own with --prices"
            )
        return RegionalPrices(self, region)


@dataclass(frozen=True)
class RegionalPrices:
    """The prices of one region."""

    list: PriceList
    region: str

    def cost(self, name: str, quantity: float, *, free: bool = False) -> float:
        """The cost of so many units of what `name` names, in a month."""
        return self.list.prices[name].cost(self.region, quantity, free=free)

    def is_verified(self, name: str) -> bool:
        """Whether the price was found in a published copy."""
        return self.region not in self.list.prices[name].unverified


def read(path: Path | None = None) -> PriceList:
    """The price list of a file, None for the one that comes along.

    Raises ConfigurationError naming the file and the rule that it breaks.
    """
    own = checked(tomllib.loads(files(__package__).joinpath(PRICES).read_text()), PRICES)
    if path is None:
        return own
    name = str(path)
    try:
        listed = checked(tomllib.loads(path.read_text()), name)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{name} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{name} is not TOML: {error}") from error
    if missing := sorted(own.prices.keys() - listed.prices.keys()):
        raise ConfigurationError(f"{name} has no price of {', '.join(missing)}: a bill takes every one of them")
    return listed


def checked(document: Mapping[str, Any], name: str) -> PriceList:
    """The price list in a document. Raises ConfigurationError for what is none."""
    try:
        prices = PriceList.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{name}: {place}: {first['msg']}") from error
    for title, price in prices.prices.items():
        for region in price.regions:
            bounds = [tier.to for tier in price.tiers(region)]
            if not bounds or bounds[-1] != inf or bounds != sorted(set(bounds)):
                raise ConfigurationError(
                    f"{name}: prices.{title}: the tiers of {region} rise in `to`, and only the last one has none"
                )
    return prices
