"""What a drill expects on the way is compared with the ledger, and a text says what was found."""

from dataclasses import replace

import pytest

from wavetank.scenarios.oracle.at_rest import AtRest, Quarantined
from wavetank.scenarios.oracle.ledger import Entry, Ledger
from wavetank.scenarios.spec.steps import ALL_LANDED, CountObjects, Expect, Look, Scope, compare

ENTRIES = {
    "click": Entry(Ledger(attempted=5, acknowledged=5, quarantined=5), {}),
    "impression": Entry(Ledger(attempted=9, acknowledged=9, landed=8, lost=1), {}),
}
AT_REST = AtRest(quarantine=(Quarantined("click", "unknown-schema", "", "quarantine/x"),))


def look(*expect: Expect, precondition: bool = False) -> Look:
    return Look("midway", expect, precondition)


def passes(*expect: Expect) -> bool:
    return compare(look(*expect), ENTRIES, AT_REST, "click").passed


def test_a_count_is_summed_over_all_event_types() -> None:
    assert passes(Expect("acknowledged", at_least=14))
    assert not passes(Expect("acknowledged", at_least=15))


def test_a_scope_narrows_it_to_the_victim_or_to_the_others() -> None:
    assert passes(Expect("quarantined", Scope.VICTIM, equals="acknowledged"))
    assert not passes(Expect("landed", Scope.OTHERS, equals="acknowledged"))


def test_the_reasons_in_quarantine_must_be_exactly_those_expected() -> None:
    assert passes(Expect("quarantined", Scope.VICTIM, reasons=frozenset({"unknown-schema"})))
    assert not passes(Expect("quarantined", Scope.VICTIM, reasons=frozenset({"bad-frame"})))
    assert passes(Expect("quarantined", Scope.OTHERS, reasons=frozenset()))


def test_one_expectation_that_does_not_hold_fails_the_look_and_is_named() -> None:
    found = compare(look(Expect("lost", at_least=1), Expect("late", at_least=2)), ENTRIES, AT_REST, "click")
    assert not found.passed
    assert found.detail == "0 late, expected at least 2"


def test_a_look_that_passes_says_what_it_saw() -> None:
    found = compare(look(Expect("lost", at_least=1)), ENTRIES, AT_REST, "click")
    assert (found.look, found.passed, found.detail) == ("midway", True, "1 lost")


def test_a_precondition_that_does_not_hold_is_inconclusive() -> None:
    wanted = Expect("duplicated", at_least=1)
    assert compare(look(wanted, precondition=True), ENTRIES, AT_REST, "click").inconclusive
    assert not compare(look(wanted), ENTRIES, AT_REST, "click").inconclusive


@pytest.mark.parametrize(("count", "holds"), [(0, False), (1, True), (3, True), (4, False)])
def test_objects_are_counted_within_both_bounds(count: int, holds: bool) -> None:
    result = CountObjects("then", ("chunks/",), at_least=1, at_most=3).result(count)
    assert result.passed is holds
    assert f"{count} objects under chunks/" in result.detail
    assert ("expected 1 to 3" in result.detail) is not holds


def test_no_object_is_expected_where_nothing_else_is_said_and_any_number_where_there_is_no_upper_bound() -> None:
    assert CountObjects("gone", ("parts/",)).result(0).passed
    assert not CountObjects("gone", ("parts/",)).result(1).passed
    assert CountObjects("some", ("parts/",), at_least=2, at_most=None).result(10**6).passed


@pytest.mark.parametrize("count", ["duplicated", "corrupted", "misplaced", "unexpected"])
def test_where_all_events_are_to_be_at_rest_nothing_else_is(count: str) -> None:
    landed = {"click": Entry(Ledger(attempted=5, acknowledged=5, landed=5), {})}
    assert compare(look(ALL_LANDED), landed, AtRest(), "click").passed
    wrong = {"click": Entry(replace(landed["click"].ledger, **{count: 1}), {})}
    found = compare(look(ALL_LANDED), wrong, AtRest(), "click")
    assert (found.passed, found.detail) == (False, f"5 landed, but 1 {count}")
