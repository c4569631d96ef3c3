"""LocalStack's chaos API and AWS FIS's action names, as faults of the point `aws.call` and `lambda.invoke`.

A chaos rule is `{region, service, operation, probability, error: {statusCode, code}}`, all of it optional.
Source: https://docs.localstack.cloud/aws/capabilities/chaos-engineering/chaos-api/ and, for the action ids,
https://docs.aws.amazon.com/fis/latest/userguide/fis-actions-reference.html
"""

from collections.abc import Mapping
from dataclasses import dataclass

from wavetank.emulator.faults.engine import Faults
from wavetank.emulator.faults.model import InvalidFaultError

PREFIX = "chaos-"
_RULE = ("region", "service", "operation", "probability", "error")
_ERROR = ("statusCode", "code", "message")
_DEFAULT_CODE = "ServiceUnavailable"

FIS: Mapping[str, dict[str, object]] = {
    "aws:lambda:invocation-error": {"point": "lambda.invoke", "action": "error-before"},
    "aws:lambda:invocation-add-delay": {"point": "lambda.invoke", "action": "slow"},
    "aws:lambda:invocation-http-integration-response": {"point": "lambda.invoke", "action": "error-after"},
    "aws:kinesis:stream-provisioned-throughput-exception": {"point": "kinesis.put", "action": "throttle"},
    "aws:kinesis:stream-expired-iterator-exception": {"point": "kinesis.get", "action": "expired-iterator"},
}
"""FIS action id → point and action, where a fault's document gives the id as `action`."""


@dataclass
class ChaosEffects:
    """The network effects set through LocalStack's chaos API: the latency added to every call of a client."""

    latency_s: float = 0.0


CHAOS_EFFECTS = ChaosEffects()


def unalias(document: object) -> object:
    """The document with the point and action that its FIS action id stands for; any other as it is."""
    action = document.get("action") if isinstance(document, Mapping) else None
    if isinstance(document, Mapping) and isinstance(action, str) and action in FIS:
        return {**document, **FIS[action]}
    return document


def check_is_none(document: object) -> None:
    """Raise InvalidFaultError for a fault with the id of a chaos rule: those are set and changed as rules only."""
    if isinstance(document, Mapping) and str(document.get("id")).startswith(PREFIX):
        raise InvalidFaultError(f"ids that begin with {PREFIX!r} are those of the chaos API's rules")


def fault_of(rule: object) -> dict[str, object]:
    """The fault that a chaos rule stands for. Raises InvalidFaultError for a document that is no rule."""
    given = _checked(rule, _RULE, "a chaos rule")
    error = _checked(given.get("error") or {}, _ERROR, "error")
    match = {name: given[name] for name in ("service", "operation", "region") if given.get(name) is not None}
    parameters = {"status": error.get("statusCode", 503), "code": error.get("code", _DEFAULT_CODE)}
    if "message" in error:
        parameters["message"] = error["message"]
    return {
        "point": "aws.call",
        "action": "error-before",
        "match": match,
        "when": {"probability": given.get("probability", 1.0)},
        "parameters": parameters,
    }


def rules(faults: Faults) -> list[dict[str, object]]:
    """The chaos rules that are set, as they were given."""
    documents: list[dict[str, object]] = []
    for fault in (status.fault for status in faults.statuses() if status.fault.id.startswith(PREFIX)):
        error = {"statusCode": fault.parameters["status"], "code": fault.parameters["code"]}
        if fault.parameters["message"]:
            error["message"] = fault.parameters["message"]
        documents.append({**fault.match, "probability": fault.when.probability, "error": error})
    return documents


def replace(faults: Faults, rules: list[object]) -> None:
    """Set these rules in the place of all others; the first that matches acts. Raises InvalidFaultError."""
    faults.replace(PREFIX, [fault_of(rule) for rule in rules])


def _checked(given: object, fields: tuple[str, ...], name: str) -> dict[str, object]:
    if not isinstance(given, Mapping):
        raise InvalidFaultError(f"{name} must be a JSON object, got {given!r}")
    for field in given:
        if field not in fields:
            raise InvalidFaultError(f"{name} has no field {field!r}; it has: {', '.join(sorted(fields))}")
    return dict(given)
