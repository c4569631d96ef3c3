"""Decisions over policies against the evaluation logic of the IAM user guide."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.authority.conditions import MalformedPolicy
from wavetank.emulator.authority.evaluation import Decision, Policies, Why, decide
from wavetank.emulator.authority.policy import Caller, Policy, Request

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/partitioner"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/partitioner/one"
CALLER = Caller((SESSION, ROLE), ACCOUNT)
S3 = Caller(("s3.amazonaws.com",), ACCOUNT, is_service=True)
OBJECT = "arn:aws:s3:::data/parts/a"


def policy(*statements: dict[str, Any]) -> Policy:
    return Policy.parse(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


def allow(action: Any = "s3:PutObject", resource: Any = "arn:aws:s3:::data/parts/*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(**more: Any) -> dict[str, Any]:
    return {**allow(**more), "Effect": "Deny"}


def decided(
    *identity: Policy,
    resource: Policy | None = None,
    boundary: Policy | None = None,
    caller: Caller = CALLER,
    action: str = "s3:PutObject",
    on: str = OBJECT,
    context: Mapping[str, tuple[str, ...]] = {},
) -> Decision:
    return decide(Request(caller, action, on, context), Policies(identity, resource, boundary))


def test_nothing_is_allowed_that_no_policy_allows() -> None:
    assert decided() == Decision(False, Why.NO_IDENTITY)
    assert decided(policy(allow("s3:GetObject"))) == Decision(False, Why.NO_IDENTITY)
    assert decided(caller=S3) == Decision(False, Why.NO_RESOURCE)


def test_a_role_may_do_what_its_policy_allows() -> None:
    assert decided(policy(allow())).allowed
    assert decided(policy(allow("S3:putobject"))).allowed
    assert decided(policy(allow(["s3:GetObject", "s3:Put*"]))).allowed
    assert not decided(policy(allow(resource="arn:aws:s3:::data/chunks/*"))).allowed
    assert not decided(policy(allow(resource="arn:aws:s3:::Data/parts/*"))).allowed


def test_an_explicit_denial_counts_before_what_is_allowed_wherever_it_stands() -> None:
    everything = policy(allow("*", "*"))
    assert decided(policy(deny()), everything).why is Why.DENIED_BY_IDENTITY
    assert decided(everything, resource=policy(deny(Principal="*"))).why is Why.DENIED_BY_RESOURCE
    assert decided(everything, boundary=policy(deny(), allow("*", "*"))).why is Why.DENIED_BY_BOUNDARY


def test_within_an_account_the_policy_of_the_resource_is_enough() -> None:
    for principal in ("*", {"AWS": "*"}, {"AWS": ROLE}, {"AWS": [SESSION]}):
        assert decided(resource=policy(allow(Principal=principal))).why is Why.BY_RESOURCE, principal
    for principal in ({"AWS": f"{ROLE}-other"}, {"Service": "s3.amazonaws.com"}):
        assert not decided(resource=policy(allow(Principal=principal))).allowed, principal


def test_an_account_as_a_principal_leaves_it_to_the_role_but_is_denied_as_a_whole() -> None:
    for account in (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"):
        assert not decided(resource=policy(allow(Principal={"AWS": account}))).allowed
        assert not decided(policy(allow()), resource=policy(deny(Principal={"AWS": account}))).allowed


def test_a_boundary_limits_what_the_role_may_do_and_gives_nothing() -> None:
    assert decided(policy(allow()), boundary=policy(allow("s3:GetObject"))).why is Why.OUTSIDE_BOUNDARY
    assert decided(boundary=policy(allow("*", "*"))).why is Why.NO_IDENTITY
    assert decided(policy(allow()), boundary=policy(allow("s3:*", "*"))).allowed


def test_a_service_needs_the_policy_of_the_resource_and_its_conditions() -> None:
    mine = policy(
        allow(
            Principal={"Service": "s3.amazonaws.com"},
            Condition={
                "ArnLike": {"aws:SourceArn": "arn:aws:s3:::data"},
                "StringEquals": {"AWS:SourceAccount": ACCOUNT},
            },
        )
    )
    right: dict[str, tuple[str, ...]] = {"aws:sourcearn": ("arn:aws:s3:::data",), "aws:sourceaccount": (ACCOUNT,)}
    assert decided(resource=mine, caller=S3, context=right).allowed
    wrongs: list[dict[str, tuple[str, ...]]] = [
        {"aws:sourcearn": ("arn:aws:s3:::other",)},
        {"aws:sourceaccount": ("999999999999",)},
        {"aws:sourcearn": ()},
    ]
    for wrong in wrongs:
        assert not decided(resource=mine, caller=S3, context=right | wrong).allowed, wrong
    sns = Caller(("sns.amazonaws.com",), ACCOUNT, is_service=True)
    assert not decided(resource=mine, caller=sns, context=right).allowed


def test_statements_can_name_what_they_do_not_mean() -> None:
    assert decided(policy({"Effect": "Allow", "NotAction": "s3:DeleteObject", "Resource": "*"})).allowed
    assert not decided(policy({"Effect": "Allow", "NotAction": "s3:Put*", "Resource": "*"})).allowed
    elsewhere = {"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::data/chunks/*"}
    assert decided(policy(elsewhere)).allowed
    assert not decided(policy(elsewhere), on="arn:aws:s3:::data/chunks/a").allowed
    others = policy({"Effect": "Deny", "NotPrincipal": {"AWS": ROLE}, "Action": "*", "Resource": "*"})
    assert decided(policy(allow()), resource=others).allowed
    stranger = Caller(("arn:aws:iam::1:role/x",), ACCOUNT)
    assert decided(policy(allow()), resource=others, caller=stranger).why is Why.DENIED_BY_RESOURCE


def test_the_part_that_allowed_it_is_told_as_it_is_written() -> None:
    grant = decided(policy(allow(["s3:Get*", "s3:Put*"], ["arn:aws:s3:::x/*", "arn:aws:s3:::data/*"]))).grant
    assert grant is not None
    assert (grant.action, grant.resource) == ("s3:Put*", "arn:aws:s3:::data/*")


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        "{}",
        '{"Statement": ["Allow"]}',
        '{"Statement": {"Effect": "allow", "Action": "*", "Resource": "*"}}',
        '{"Statement": {"Effect": "Allow", "Resource": "*"}}',
        '{"Statement": {"Effect": "Allow", "Action": "*", "NotAction": "x:y", "Resource": "*"}}',
        '{"Statement": {"Effect": "Allow", "Action": [{}], "Resource": "*"}}',
        '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": "true"}}}',
        '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Equals": {"a": "b"}}}}',
        '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "me"}}',
    ],
)
def test_a_document_that_is_no_policy_is_told(document: str) -> None:
    with pytest.raises(MalformedPolicy):
        Policy.parse(document)


STATEMENTS = st.builds(
    lambda effect, action, resource: {"Effect": effect, "Action": action, "Resource": resource},
    st.sampled_from(["Allow", "Deny"]),
    st.sampled_from(["s3:PutObject", "s3:GetObject", "s3:*", "*"]),
    st.sampled_from(["arn:aws:s3:::data/parts/*", "arn:aws:s3:::data/*", "arn:aws:s3:::other/*", "*"]),
)


@given(st.lists(STATEMENTS, max_size=6), st.randoms(use_true_random=False))
def test_neither_the_order_of_statements_nor_how_policies_divide_them_changes_a_decision(
    statements: list[dict[str, Any]], random: Any
) -> None:
    shuffled = random.sample(statements, len(statements))
    cut = random.randint(0, len(statements))
    one, two = decided(policy(*statements)), decided(policy(*shuffled[:cut]), policy(*shuffled[cut:]))
    assert (one.allowed, one.why) == (two.allowed, two.why)


@given(st.lists(STATEMENTS, max_size=6), STATEMENTS)
def test_a_denial_more_never_allows_more_and_a_permission_more_never_less(
    statements: list[dict[str, Any]], another: dict[str, Any]
) -> None:
    before, after = decided(policy(*statements)).allowed, decided(policy(*statements, another)).allowed
    assert (after <= before) if another["Effect"] == "Deny" else (before <= after)
