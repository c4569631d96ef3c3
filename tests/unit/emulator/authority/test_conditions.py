"""Conditions of policies against the tables of the IAM user guide ("Condition operators", "Multivalued keys")."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.authority.conditions import (
    NEGATIONS,
    TESTS,
    Condition,
    Context,
    MalformedPolicy,
    MissingKey,
    arn_like,
    filled,
    like,
)

KEY = "aws:SourceArn"
TOPIC = "arn:aws:sns:us-east-1:123456789012:chunks"
EMPTY: Context = {}


def holds(operator: str, policy: str | list[str], *request: str) -> bool:
    values = policy if isinstance(policy, list) else [policy]
    context = {KEY.lower(): request} if request else {}
    return Condition.parse(operator, KEY, values).holds(context)


@pytest.mark.parametrize(
    ("operator", "policy", "request_value", "expected"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", ["a", "b"], "b", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEquals", ["a", "b"], "c", True),
        ("StringEqualsIgnoreCase", "a", "A", True),
        ("StringNotEqualsIgnoreCase", "a", "A", False),
        ("StringLike", "part?/*", "parts/a/b", True),
        ("StringLike", "Parts/*", "parts/a", False),
        ("StringNotLike", "parts/*", "parts/a", False),
        ("NumericEquals", "10", "10.0", True),
        ("NumericNotEquals", "10", "11", True),
        ("NumericLessThan", "10", "9", True),
        ("NumericLessThan", "10", "10", False),
        ("NumericLessThanEquals", "10", "10", True),
        ("NumericGreaterThan", "10", "10", False),
        ("NumericGreaterThanEquals", "10", "10", True),
        ("NumericGreaterThan", "10", "ten", False),
        ("DateEquals", "2026-11-30T00:00:00Z", "2026-11-30T01:00:00+01:00", True),
        ("DateLessThan", "2026-11-30T00:00:00Z", "2026-11-29T23:59:59Z", True),
        ("DateGreaterThan", "2026-11-30", "2026-11-30T00:00:01Z", True),
        ("DateGreaterThanEquals", "0", "2026-11-30T00:00:01Z", True),
        ("Bool", "false", "False", True),
        ("Bool", "false", "true", False),
        ("BinaryEquals", "QQ==", "QQ==", True),
        ("BinaryEquals", "QQ==", "Qg==", False),
        ("IpAddress", "10.0.0.0/8", "10.1.2.3", True),
        ("IpAddress", "10.0.0.0/8", "11.1.2.3", False),
        ("NotIpAddress", "10.0.0.0/8", "10.1.2.3", False),
        ("IpAddress", "2001:db8::/32", "2001:db8::1", True),
        ("ArnLike", "arn:aws:sns:*:123456789012:chunk*", TOPIC, True),
        ("ArnEquals", "arn:aws:sns:*:123456789012:chunk*", TOPIC, True),
        ("ArnLike", "arn:aws:sns:us-east-1:*", TOPIC, False),
        ("ArnNotLike", "arn:aws:sns:*:*:chunks", TOPIC, False),
        ("ArnNotEquals", "arn:aws:sns:*:*:other", TOPIC, True),
    ],
)
def test_an_operator_compares_as_the_user_guide_says(
    operator: str, policy: str | list[str], request_value: str, expected: bool
) -> None:
    assert holds(operator, policy, request_value) is expected


@pytest.mark.parametrize("operator", sorted(TESTS))
def test_a_key_that_is_not_there_fits_nothing_unless_it_need_not_be_there(operator: str) -> None:
    assert not holds(operator, "1")
    assert holds(f"{operator}IfExists", "1")
    assert not holds(f"ForAnyValue:{operator}", "1")
    assert holds(f"ForAllValues:{operator}", "1")


@pytest.mark.parametrize("operator", sorted(NEGATIONS))
def test_a_key_that_is_not_there_is_not_the_one_that_is_excluded(operator: str) -> None:
    assert holds(operator, "1")
    assert holds(f"{operator}IfExists", "1")


@pytest.mark.parametrize(
    ("value", "present", "expected"),
    [("true", False, True), ("true", True, False), ("false", True, True), ("false", False, False)],
)
def test_null_asks_whether_a_key_is_there(value: str, present: bool, expected: bool) -> None:
    assert holds("Null", value, *(["x"] if present else [])) is expected


def test_of_several_values_any_or_all_have_to_fit() -> None:
    assert holds("ForAnyValue:StringEquals", ["a", "b"], "x", "b")
    assert not holds("ForAnyValue:StringEquals", ["a", "b"], "x", "y")
    assert holds("ForAllValues:StringEquals", ["a", "b"], "a", "b")
    assert not holds("ForAllValues:StringEquals", ["a", "b"], "a", "x")
    assert holds("ForAnyValue:StringNotEquals", ["a"], "a", "x")
    assert not holds("ForAllValues:StringNotEquals", ["a"], "a", "x")


@pytest.mark.parametrize("operator", ["stringequals", "StringEqual", "ForSomeValues:StringEquals", "NullIfExists", ""])
def test_an_operator_that_there_is_not_is_no_condition(operator: str) -> None:
    with pytest.raises(MalformedPolicy):
        Condition.parse(operator, KEY, ["a"])


def test_the_name_of_a_key_has_no_case() -> None:
    assert Condition.parse("StringEquals", "AWS:SourceAccount", ["1"]).holds({"aws:sourceaccount": ("1",)})


def test_a_variable_stands_for_the_value_of_the_request() -> None:
    context = {"aws:principalaccount": ("1234",)}
    assert filled("logs/${aws:PrincipalAccount}/x", context) == "logs/1234/x"
    assert filled("${aws:PrincipalTag/team, 'none'}", context) == "none"
    with pytest.raises(MissingKey):
        filled("${aws:PrincipalTag/team}", context)


def test_wildcards_out_of_a_variable_stand_for_themselves() -> None:
    context = {"aws:userid": ("a*",), "k": ("ab",)}
    assert not like(filled("${aws:userid}", context), "ab")
    assert like(filled("${aws:userid}", context), "a*")
    assert like(filled("a${*}", EMPTY), "a*")
    assert not like(filled("a${*}", EMPTY), "ab")


@given(st.text(alphabet="ab*?/:.$[", max_size=12), st.text(alphabet="ab*?/:.$[", max_size=12))
def test_wildcards_fit_as_in_a_matcher_of_another_kind(pattern: str, value: str) -> None:
    assert like(pattern, value) is _fits(pattern, value)


def _fits(pattern: str, value: str) -> bool:
    """By the definition: `*` is nothing, or one character and `*`."""
    if not pattern:
        return not value
    if pattern[0] == "*":
        return _fits(pattern[1:], value) or (bool(value) and _fits(pattern, value[1:]))
    return bool(value) and pattern[0] in ("?", value[0]) and _fits(pattern[1:], value[1:])


PARTS_BUT_THE_LAST = st.lists(st.text(alphabet="abc*", min_size=1, max_size=4), min_size=5, max_size=5)


@given(PARTS_BUT_THE_LAST, st.text(alphabet="abc", min_size=1, max_size=4))
def test_a_wildcard_of_an_arn_does_not_reach_over_a_colon(first: list[str], last: str) -> None:
    # With a wildcard the last part would take what is too much before it: see below.
    parts = [*first, last]
    pattern = ":".join(parts)
    value = ":".join(part.replace("*", "x:x") for part in parts)
    reaches = any("*" in part for part in parts[:5])
    assert arn_like(pattern, value) is not reaches
    assert arn_like(pattern, re.sub(r"\*", "x", pattern))


@given(PARTS_BUT_THE_LAST, st.text(alphabet="abc*", min_size=1, max_size=4))
def test_a_wildcard_in_the_last_part_of_an_arn_reaches_over_colons(first: list[str], last: str) -> None:
    beginning = re.sub(r"\*", "x", ":".join(first))
    assert arn_like(":".join([*first, last]), f"{beginning}:{last.replace('*', 'x:x')}")
