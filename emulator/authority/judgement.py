"""The judgement of rights that are asked for here and now: by the policies that are stored, with a note of each."""

from collections.abc import Sequence

from wavetank.emulator.authority.conditions import Context, MalformedPolicy
from wavetank.emulator.authority.evaluation import Policies, Why, decide
from wavetank.emulator.authority.ownership import OWNERSHIP, Owned
from wavetank.emulator.authority.policy import Caller, Request
from wavetank.emulator.authority.records import RECORDS, Refusal
from wavetank.emulator.authority.requests import Right
from wavetank.emulator.authority.stored import policies_of_role, policy_of, role_of, trust_of
from wavetank.emulator.stack.environment import AUTHORITY_OFF, AUTHORITY_VARIABLE

SWITCH = f"policies count on this stack; {AUTHORITY_VARIABLE}={AUTHORITY_OFF} switches that off"
ASSUME_ROLE = "sts:AssumeRole"


def refusal(caller: Caller, wanted: Sequence[Right], context: Context) -> str:
    """The sentence, as AWS has it, for the first right that the caller does not have; empty where it has them all."""
    for right in wanted:
        if text := _refusal(caller, right, context):
            return text
    return ""


def trust_refusal(caller: Caller, role: Owned, context: Context) -> str:
    """The sentence for a service that may not take a role; empty where it may, and for roles that are not governed."""
    if not OWNERSHIP.governs(role):
        return ""
    return _refusal(caller, Right(ASSUME_ROLE, f"arn:aws:iam::{role.account}:role/{role.name}"), context)


def _refusal(caller: Caller, right: Right, context: Context) -> str:
    request = Request(caller, right.action, right.resource, context)
    try:
        decision = decide(request, _policies(caller, right))
    except MalformedPolicy as error:
        return _told(request, f"a policy is malformed: {error}")
    if not decision.allowed:
        return _told(request, _reason(decision.why, right.action))
    if decision.grant is not None:
        holder = role_of(caller) if decision.why is Why.BY_IDENTITY else Owned.of_arn(right.resource, caller.account)
        RECORDS.used(OWNERSHIP.title(holder), decision.grant)
    return ""


def _policies(caller: Caller, right: Right) -> Policies:
    if right.action == ASSUME_ROLE:
        trust = trust_of(Owned.of_arn(right.resource, caller.account))
        return Policies(resource=trust)
    resource = policy_of(right.resource, caller.account)
    if caller.is_service:
        return Policies(resource=resource)
    own = policies_of_role(role_of(caller)) or Policies()
    return Policies(own.identity, resource, own.boundary)


def _reason(why: Why, action: str) -> str:
    prefix = "with" if "explicit deny" in why.value else "because"
    return f"{prefix} {why.value.format(action=action)}"


def _told(request: Request, reason: str) -> str:
    """Note the refusal, and word it."""
    caller = request.caller
    name = OWNERSHIP.title(role_of(caller)) if not caller.is_service else caller.names[0]
    RECORDS.refused(Refusal(name, request.action, request.resource, reason))
    who = f"Service: {caller.names[0]}" if caller.is_service else f"User: {caller.names[0]}"
    on = f' on resource: "{request.resource}"' if request.resource != "*" else ""
    return f"{who} is not authorized to perform: {request.action}{on} {reason} ({SWITCH})"
