"""The decision about a request: over the policies of its caller and of the resource. Pure.

An explicit denial counts before all else; what nothing allows is denied. Within an account the policy of the caller or
that of the resource is enough. A boundary of permissions limits the caller's own policies.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from wavetank.emulator.authority.policy import Effect, Grant, Policy, Request


class Why(Enum):
    """The reason of a decision."""

    BY_IDENTITY = "an identity-based policy allows it"
    BY_RESOURCE = "a resource-based policy allows it"
    DENIED_BY_IDENTITY = "an explicit deny in an identity-based policy"
    DENIED_BY_RESOURCE = "an explicit deny in a resource-based policy"
    DENIED_BY_BOUNDARY = "an explicit deny in a permissions boundary"
    OUTSIDE_BOUNDARY = "no permissions boundary allows the {action} action"
    NO_IDENTITY = "no identity-based policy allows the {action} action"
    NO_RESOURCE = "no resource-based policy allows the {action} action"


@dataclass(frozen=True)
class Decision:
    """Whether a request is allowed, why, and by which part of a policy where one applies."""

    allowed: bool
    why: Why
    grant: Grant | None = None


@dataclass(frozen=True)
class Policies:
    """The policies that a request is decided by; a service has none of its own."""

    identity: Sequence[Policy] = ()
    resource: Policy | None = None
    boundary: Policy | None = None


def decide(request: Request, policies: Policies) -> Decision:
    """Decide about a request within one account."""
    resource = policies.resource.concerning(request.caller) if policies.resource is not None else Policy(())
    denials = (
        *((policy, Why.DENIED_BY_IDENTITY) for policy in policies.identity),
        (resource, Why.DENIED_BY_RESOURCE),
        *((policy, Why.DENIED_BY_BOUNDARY) for policy in (policies.boundary,) if policy is not None),
    )
    for policy, why in denials:
        if (grant := policy.applying(request, Effect.DENY)) is not None:
            return Decision(False, why, grant)
    if (grant := resource.applying(request, Effect.ALLOW)) is not None:
        return Decision(True, Why.BY_RESOURCE, grant)
    if request.caller.is_service:
        return Decision(False, Why.NO_RESOURCE)
    for policy in policies.identity:
        if (grant := policy.applying(request, Effect.ALLOW)) is not None:
            if policies.boundary is not None and policies.boundary.applying(request, Effect.ALLOW) is None:
                return Decision(False, Why.OUTSIDE_BOUNDARY)
            return Decision(True, Why.BY_IDENTITY, grant)
    return Decision(False, Why.NO_IDENTITY)
