"""A policy: its statements, and whether one of them applies to a request. Pure.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from wavetank.emulator.authority.conditions import (
    Condition,
    Context,
    MalformedPolicy,
    MissingKey,
    arn_like,
    filled,
    glob,
)

ANYBODY = "*"
MOST_KEPT = 256


class Effect(StrEnum):
    """The effect of a statement that applies."""

    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True)
class Caller:
    """Who makes a request: a session of a role, or a service on behalf of somebody.

    names: the ARNs of the session and of its role; the principal of a service, such as `s3.amazonaws.com`.
    account: of the role, or of that for which the service acts.
    """

    names: tuple[str, ...]
    account: str
    is_service: bool = False

    @classmethod
    def of_session(cls, partition: str, account: str, role: str, session: str) -> "Caller":
        """A session of a role, by the names of both."""
        taken = f"arn:{partition}:sts::{account}:assumed-role/{role}/{session}"
        return cls((taken, f"arn:{partition}:iam::{account}:role/{role}"), account)


@dataclass(frozen=True)
class Principals:
    """The principals of a resource's statement: everybody, services, and ARNs or accounts."""

    anybody: bool
    services: frozenset[str]
    names: frozenset[str]

    @classmethod
    def parse(cls, given: Any) -> "Principals":
        """Principals as a policy writes them. Raises MalformedPolicy."""
        if given == ANYBODY:
            return cls(True, frozenset(), frozenset())
        if not isinstance(given, Mapping):
            raise MalformedPolicy(f"{given!r} is no principal")
        names = frozenset(_texts(given.get("AWS", [])))
        return cls(ANYBODY in names, frozenset(_texts(given.get("Service", []))), names)

    def include(self, caller: Caller, *, through_account: bool) -> bool:
        """Whether the caller is one of them.

        An account as a principal stands for what its own policies allow: `through_account` says whether it counts.
        """
        if self.anybody:
            return True
        if caller.is_service:
            return not self.services.isdisjoint(caller.names)
        if not self.names.isdisjoint(caller.names):
            return True
        return through_account and any(
            name == caller.account or name.endswith(f":iam::{caller.account}:root") for name in self.names
        )


@dataclass(frozen=True)
class Request:
    """A right that is asked for: who wants to do what to which resource, in which context."""

    caller: Caller
    action: str
    resource: str
    context: Context


@dataclass(frozen=True, order=True)
class Grant:
    """The part of a statement that covers a request: its patterns of the action and of the resource, as written."""

    action: str
    resource: str


@dataclass(frozen=True)
class Statement:
    """A statement of a policy; `principals` is None in a policy of an identity."""

    effect: Effect
    actions: tuple[str, ...]
    not_actions: bool
    resources: tuple[str, ...]
    not_resources: bool
    conditions: tuple[Condition, ...]
    principals: Principals | None = None
    not_principals: bool = False

    @classmethod
    def parse(cls, given: Any) -> "Statement":
        """A statement as a policy writes it. Raises MalformedPolicy."""
        if not isinstance(given, Mapping):
            raise MalformedPolicy(f"{given!r} is no statement")
        try:
            effect = Effect(str(given.get("Effect")))
        except ValueError as error:
            raise MalformedPolicy(f"a statement's effect is Allow or Deny, not {given.get('Effect')!r}") from error
        if ("Action" in given) == ("NotAction" in given):
            raise MalformedPolicy("a statement has either Action or NotAction")
        principal = given.get("Principal", given.get("NotPrincipal"))
        return cls(
            effect=effect,
            actions=_texts(given.get("Action", given.get("NotAction"))),
            not_actions="NotAction" in given,
            resources=_texts(given.get("Resource", given.get("NotResource", ANYBODY))),
            not_resources="NotResource" in given,
            conditions=tuple(_conditions(given.get("Condition") or {})),
            principals=None if principal is None else Principals.parse(principal),
            not_principals="NotPrincipal" in given,
        )

    def action_of(self, action: str) -> str | None:
        """The pattern that covers an action, or the action where all but some are covered; None where it is not."""
        pattern = next((each for each in self.actions if _is_action(each, action)), None)
        if (pattern is None) is not self.not_actions:
            return None
        return pattern or action

    def resource_of(self, request: Request) -> str | None:
        """The same of the resource."""
        pattern = next((each for each in self.resources if _is_resource(each, request)), None)
        if (pattern is None) is not self.not_resources:
            return None
        return pattern or request.resource

    def holds(self, request: Request) -> bool:
        """Whether every condition is met."""
        return all(condition.holds(request.context) for condition in self.conditions)

    def concerns(self, caller: Caller) -> bool:
        """Whether the caller is one of its principals; a denial concerns all of an account that it names."""
        if self.principals is None:
            return False
        denies = (self.effect is Effect.DENY) is not self.not_principals
        return self.principals.include(caller, through_account=denies) is not self.not_principals


@dataclass(frozen=True, eq=False)
class Policy:
    """The statements of a policy. What it found for an action or a caller it keeps, as they come again and again."""

    statements: tuple[Statement, ...]
    _by_action: dict[tuple[str, Effect], list[tuple[Statement, str]]] = field(default_factory=dict)
    _by_caller: dict[Caller, "Policy"] = field(default_factory=dict)

    @staticmethod
    @lru_cache(1024)
    def parse(document: str) -> "Policy":
        """A policy from its JSON. Raises MalformedPolicy."""
        try:
            given = json.loads(document)
        except ValueError as error:
            raise MalformedPolicy(f"a policy is no JSON: {error}") from error
        if not isinstance(given, Mapping) or "Statement" not in given:
            raise MalformedPolicy("a policy has no Statement")
        statements = given["Statement"]
        listed = statements if isinstance(statements, list) else [statements]
        return Policy(tuple(Statement.parse(statement) for statement in listed))

    def applying(self, request: Request, effect: Effect) -> Grant | None:
        """The part of an identity's policy that allows, or denies, the request."""
        key = request.action, effect
        candidates = self._by_action.get(key)
        if candidates is None:
            own = [statement for statement in self.statements if statement.effect is effect]
            found = [(statement, statement.action_of(request.action)) for statement in own]
            candidates = [(statement, action) for statement, action in found if action is not None]
            _keep(self._by_action, key, candidates)
        for statement, action in candidates:
            resource = statement.resource_of(request)
            if resource is not None and statement.holds(request):
                return Grant(action, resource)
        return None

    def concerning(self, caller: Caller) -> "Policy":
        """The statements of a resource's policy that concern a caller."""
        policy = self._by_caller.get(caller)
        if policy is None:
            policy = Policy(tuple(statement for statement in self.statements if statement.concerns(caller)))
            _keep(self._by_caller, caller, policy)
        return policy


def _keep[Key, Value](kept: dict[Key, Value], key: Key, value: Value) -> None:
    """Keep what was found, and forget all else where there is too much of it."""
    if len(kept) >= MOST_KEPT:
        kept.clear()
    kept[key] = value


def _texts(given: Any) -> tuple[str, ...]:
    listed = given if isinstance(given, list) else [given]
    if not all(isinstance(item, str | bool | int | float) for item in listed):
        raise MalformedPolicy(f"{given!r} is neither a text nor a list of texts")
    return tuple(str(item).lower() if isinstance(item, bool) else str(item) for item in listed)


def _conditions(given: Any) -> Iterator[Condition]:
    if not isinstance(given, Mapping) or not all(isinstance(keys, Mapping) for keys in given.values()):
        raise MalformedPolicy(f"{given!r} is no condition")
    for operator, keys in given.items():
        for key, values in keys.items():
            yield Condition.parse(operator, key, _texts(values))


def _is_action(pattern: str, action: str) -> bool:
    return glob(pattern, ignore_case=True).fullmatch(action) is not None


def _is_resource(pattern: str, request: Request) -> bool:
    if pattern == ANYBODY:
        return True
    try:
        return arn_like(filled(pattern, request.context), request.resource)
    except MissingKey:
        return False
