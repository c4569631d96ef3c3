"""A bill as JSON, and as text for people. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from wavetank.scenarios.cost.bill import Bill, Item
from wavetank.scenarios.cost.findings import Finding, overloaded
from wavetank.scenarios.cost.prices import RegionalPrices
from wavetank.scenarios.flow.flow import DAY_S, Case
from wavetank.scenarios.flow.ratios import Basis

BIGGEST = 10
WORTH_TELLING = 0.005
"""Dollars: a smaller difference is none."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A bill with all that it is based on. measured_on: where the ratios are from, in words."""

    case: Case
    bill: Bill
    findings: Sequence[Finding]
    prices: RegionalPrices
    kept_days: float
    measured_on: str
    sums: Mapping[str, Any] | None = None

    @property
    def biggest(self) -> list[Item]:
        """The items that cost most."""
        return self.bill.items()[:BIGGEST]

    @property
    def unverified(self) -> list[str]:
        """The prices in the bill that were found in no published copy of AWS's."""
        return sorted({line.usage.price for line in self.bill.lines if not self.prices.is_verified(line.usage.price)})


def document(estimate: Estimate) -> dict[str, Any]:
    """The estimate as JSON."""
    case, prices = estimate.case, estimate.prices
    return {
        "load": {
            "events_per_day": case.load.events_per_s * DAY_S,
            "aggregated": case.load.aggregated,
            "consumers": case.load.consumers,
            "by_event_type": {name: case.events_per_s(name) * DAY_S for name in case.components},
        },
        "region": prices.region,
        "prices": {"checked": prices.list.checked.isoformat(), "unverified": estimate.unverified},
        "kept_days": estimate.kept_days,
        "ratios": [
            {
                "name": ratio.name,
                "value": figure.value,
                "unit": ratio.unit,
                "basis": str(figure.basis),
                "meaning": ratio.meaning,
            }
            for ratio, figure in case.ratios
        ],
        "measured": estimate.sums,
        "currency": prices.list.currency,
        "month": estimate.bill.usd,
        "components": estimate.bill.by_component(),
        "lines": [
            {
                "component": line.usage.component,
                "service": line.usage.service,
                "price": line.usage.price,
                "item": line.usage.item,
                "quantity": line.usage.quantity,
                "unit": prices.list.prices[line.usage.price].unit,
                "cost": line.usd,
            }
            for line in estimate.bill.lines
        ],
        "findings": [
            {
                "price": finding.item.price,
                "item": finding.item.name,
                "change": finding.change.name,
                "what": finding.change.what,
                "before": finding.before,
                "after": finding.after,
                "month": finding.whole_after,
            }
            for finding in estimate.findings
        ],
        "overloaded": overloaded(case),
    }


def summary(estimate: Estimate) -> Iterator[str]:
    """What the bill is of: the load, the prices, and the basis of the ratios."""
    case, prices = estimate.case, estimate.prices
    checked = prices.list.checked
    yield (
        f"{case.load.events_per_s * DAY_S:,.0f} events a day, {prices.region}, prices of {checked}, "
        f"with what was kept for {estimate.kept_days:,.0f} days"
    )
    yield f"ratios: {estimate.measured_on}"
    for basis, figures in groupby(sorted(case.ratios, key=lambda each: each[1].basis), lambda each: each[1].basis):
        shown = "; ".join(f"{ratio.name} {figure.value:,.4g} {ratio.unit}".rstrip() for ratio, figure in figures)
        yield f"  {Basis(basis)}: {shown}"


def table(bill: Bill) -> list[list[str]]:
    """The cost by component and service: a row of headings, one for each component, and the sums."""
    by_component = bill.by_component()
    services = sorted({service for services in by_component.values() for service in services})
    sums = {service: sum(each.get(service, 0) for each in by_component.values()) for service in services}
    rows = [[name, *_amounts(each, services)] for name, each in sorted(by_component.items())]
    return [["component", *services, "a month"], *rows, ["all", *_amounts(sums, services)]]


def _amounts(amounts: Mapping[str, float], services: Sequence[str]) -> list[str]:
    return [f"{amounts.get(service, 0):,.2f}" for service in services] + [f"{sum(amounts.values()):,.2f}"]


def biggest(estimate: Estimate) -> Iterator[str]:
    """The items that cost most, and what changes would make of each."""
    yield f"the {len(estimate.biggest)} that cost most, in {estimate.prices.list.currency} a month:"
    for item in estimate.biggest:
        unit = estimate.prices.list.prices[item.price].unit
        yield f"  {item.usd:>12,.2f}  {item.price}, {item.name}: {item.quantity:,.0f} × {unit}"
        for finding in estimate.findings:
            if finding.item == item and abs(finding.after - finding.before) > WORTH_TELLING:
                yield f"  {finding.after:>12,.2f}    with {finding.change.what} (all in all {finding.whole_after:,.2f})"


def remarks(estimate: Estimate) -> Iterator[str]:
    """What has to be known of the bill: what the load does not fit in, and prices that were not verified."""
    for name, shards in overloaded(estimate.case).items():
        there = estimate.case.components[name].stream.shards
        yield f"{name}: the load needs {shards} shards and there are {there}; see `wavetank limits`"
    if estimate.unverified:
        yield f"prices to be checked before a decision hangs on them: {', '.join(estimate.unverified)}"
