"""Findings: each is what the bill becomes with the change, and every change is made for something."""

from itertools import groupby

import pytest

from tests.unit.scenarios.flow.cases import case
from wavetank.pipeline.components.model import Component, Stream, StreamMode
from wavetank.scenarios.cost.bill import Bill, bill, usages
from wavetank.scenarios.cost.findings import CHANGES, Change, findings, needed_shards, overloaded
from wavetank.scenarios.cost.prices import read
from wavetank.scenarios.flow.flow import Case

PRICES = read().in_region("us-east-1")


def billed(under: Case) -> Bill:
    return bill(usages(under, 365), PRICES)


def test_a_finding_says_what_the_bill_becomes() -> None:
    under = case(2_000)
    there = list(findings(under, billed, billed(under).items()))
    assert there
    changes = {change.name: change for change in CHANGES}
    for finding in there:
        changed = billed(changes[finding.change.name].apply(under))
        assert finding.whole_after == changed.usd
        assert finding.after == changed.of(finding.item.service, finding.item.name)
        assert finding.whole_before == billed(under).usd


def test_findings_of_an_item_begin_with_the_one_that_spares_most() -> None:
    under = case(2_000)
    for _, of_item in groupby(findings(under, billed, billed(under).items()), lambda finding: finding.item):
        wholes = [finding.whole_after for finding in of_item]
        assert wholes == sorted(wholes)


def test_a_setting_that_is_there_already_is_no_finding() -> None:
    under = case(10, component=Component(stream=Stream(mode=StreamMode.ON_DEMAND)))
    names = {finding.change.name for finding in findings(under, billed, billed(under).items())}
    assert "on-demand" not in names
    assert "retention" not in names


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_every_change_is_made_for_an_item_that_there_is_and_changes_it(change: Change) -> None:
    changed = 0
    for mode in StreamMode:
        under = case(9_000, component=Component(stream=Stream(mode=mode, retention_hours=200)))
        there = list(findings(under, billed, billed(under).items(), [change]))
        changed += sum(finding.before != finding.after for finding in there)
    assert changed


def test_shards_are_needed_for_records_and_for_bytes() -> None:
    flow = case(3 * 2_500).flows["click"]
    assert needed_shards(flow, peak=1) == 3
    assert needed_shards(flow) == 12


def test_what_the_shards_do_not_carry_is_told() -> None:
    assert overloaded(case(10)) == {}
    assert overloaded(case(9_000)) == dict.fromkeys(("click", "conversion", "impression"), 4)
