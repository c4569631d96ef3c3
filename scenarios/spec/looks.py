"""Compares what a drill expects on the way with a ledger; pure."""

from collections.abc import Mapping

from wavetank.scenarios.oracle.at_rest import AtRest
from wavetank.scenarios.oracle.evidence import LookResult
from wavetank.scenarios.oracle.ledger import Entry, Ledger, total
from wavetank.scenarios.spec.steps import Expect, Look, Scope


def compare(look: Look, entries: Mapping[str, Entry], at_rest: AtRest, victim: str) -> LookResult:
    """What `look` sees in the ledger; it passes when every expectation holds."""
    said = [_said(expect, entries, at_rest, victim) for expect in look.expect]
    wrong = [text for holds, text in said if not holds]
    detail = "; ".join(wrong or [text for _, text in said])
    return LookResult(look.name, not wrong, detail, inconclusive=look.precondition)


def _said(expect: Expect, entries: Mapping[str, Entry], at_rest: AtRest, victim: str) -> tuple[bool, str]:
    """Whether it holds, and a text that says what was found and, if it does not, what was expected."""
    types = {event_type for event_type in entries if _is_in(expect.scope, event_type, victim)}
    ledger = total({event_type: entries[event_type] for event_type in types})
    found = _count(ledger, expect.count)
    text = f"{found} {expect.count}" + ("" if expect.scope is Scope.ALL else f" of the {expect.scope}")
    if expect.at_least is not None and found < expect.at_least:
        return False, f"{text}, expected at least {expect.at_least}"
    if expect.equals is not None and found != (wanted := _count(ledger, expect.equals)):
        return False, f"{text}, expected as many as {expect.equals}, {wanted}"
    reasons = {record.reason for record in at_rest.quarantine if record.event_type in types}
    if expect.reasons is not None and reasons != expect.reasons:
        return False, f"{text}, by reason {_listed(reasons)}, expected {_listed(expect.reasons)}"
    return True, text


def _is_in(scope: Scope, event_type: str, victim: str) -> bool:
    return scope is Scope.ALL or (event_type == victim) == (scope is Scope.VICTIM)


def _count(ledger: Ledger, name: str) -> int:
    return ledger.counts()[name]


def _listed(names: set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "none"
