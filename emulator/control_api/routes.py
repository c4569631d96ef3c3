"""The control API, `/_wavetank/…`, on the stack's own port. It answers callers on this machine only: `.peers`.

    GET    /status           what runs: plugins in use, version, process id, clock
    POST   /settle?timeout=S[&telemetry=false]  wait until nothing is in flight: 200, or 409 with what still is
    POST   /clock            {"advance_s": n[, "lived": true]}: move emulator time on; alarms that are due are evaluated
    POST   /alarms/evaluate  evaluate every alarm by what its metrics are now; answers their states
    POST   /life-cycle       {"on": true}: have objects and log events expire by rules and retentions, or have none
    POST   /reset            let go of all data, every fault, limit and the activity log; what is deployed stays
    POST   /tick?rule=…      let a scheduled rule tick now
    GET    /faults           the faults that are set, with how many events each matched and struck
    POST   /faults           set a fault; answers it with its id; with ?check=true only say whether it is one
    PATCH  /faults?id=…      change fields of a fault, which then counts anew
    DELETE /faults[?id=…]    take one fault or all away
    GET    /faults/points    where faults can strike, what they do there, what they may match by
    GET    /limits           the limits that can be enforced, their values while they are, and what they refused
    POST   /limits           {"name": …, "value": n}: hold the account to a limit; AWS's own value without one
    DELETE /limits[?name=…]  hold it to a limit no more, or to none
    GET    /recording        the AWS calls that functions made since it was started, by call site
    POST   /recording[?exact=true]  note them from now on; with their whole keys
    DELETE /recording        note no more
    GET    /activity[?after=N&limit=M]  firings in order, from after number N; `next` is the next N
    GET    /authority[?after=N]  governed stacks, refusals from after number N, and the rights that were used
    POST   /authority?stack=…   let the policies of a CloudFormation stack count
    DELETE /authority?stack=…   let them count no more

LocalStack's chaos API, on top: GET/POST/PATCH/DELETE /_localstack/chaos/faults, GET/POST /_localstack/chaos/effects.
Source: https://docs.localstack.cloud/aws/capabilities/chaos-engineering/chaos-api/

Errors are `{"error": {"message": …}}` with a 4xx status.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from math import inf
from os import environ
from typing import Any

from localstack.http import Response
from localstack.services.edge import ROUTER
from localstack.services.internal import get_internal_apis

from wavetank.emulator.authority.ownership import OWNERSHIP
from wavetank.emulator.authority.records import RECORDS
from wavetank.emulator.control_api import inputs, peers
from wavetank.emulator.control_api.inputs import RefusedError
from wavetank.emulator.control_api.status import status
from wavetank.emulator.deliveries.events import SCHEDULES, UnknownRule
from wavetank.emulator.faults import chaos, model, points
from wavetank.emulator.faults.chaos import CHAOS_EFFECTS
from wavetank.emulator.faults.engine import FAULTS, LOG_LENGTH
from wavetank.emulator.faults.model import InvalidFaultError
from wavetank.emulator.faults.parse import parse
from wavetank.emulator.faults.recording import RECORDING
from wavetank.emulator.limits.register import KINDS, LIMITS, InvalidLimitError, LimitStatus
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.inflight import IN_FLIGHT
from wavetank.emulator.runtime.reset import RESET
from wavetank.emulator.stack.environment import AUTHORITY_OFF, AUTHORITY_VARIABLE

PATH = "/_wavetank"
NOT_SETTLED = 409
LONGEST_SETTLE_S = 3600.0
LONGEST_LATENCY_MS = 3_600_000.0
CHAOS_PATH = "/_localstack/chaos"
RESET_WAIT_S = 0.3
"""So long a reset waits for functions that run to end."""

Answer = dict[str, Any] | list[dict[str, Any]] | tuple[dict[str, Any], int]
Route = Callable[[Any], Answer]

_ROUTES: list[tuple[str, str, Route]] = []
"""Method, path and function of every route, in the order in which they are listed to a caller."""
_RULES: list[Any] = []
_INTERNAL_RULES: list[Any] = []
"""LocalStack answers what begins with `/_localstack` by a router of its own."""


def _answers(method: str, path: str) -> Callable[[Route], Route]:
    """Make a function the answer to `method` at `path`."""

    def register(route: Route) -> Route:
        _ROUTES.append((method, path, route))
        return route

    return register


def install(failure: str = "") -> None:
    """Answer the control API from now on; with a `failure`, answer nothing but that."""
    for method, path, route in _ROUTES:
        endpoint = guarded((lambda _request: ({"ready": False, **_error(failure)}, 500)) if failure else route)
        if path.startswith(CHAOS_PATH):
            _INTERNAL_RULES.append(get_internal_apis().add(path, endpoint, methods=[method]))
        else:
            _RULES.append(ROUTER.add(path, endpoint, methods=[method]))
    _RULES.append(ROUTER.add(f"{PATH}/<path:rest>", guarded(_nowhere)))


def uninstall() -> None:
    """Stop answering it."""
    ROUTER.remove(_RULES)
    _RULES.clear()
    get_internal_apis().remove(_INTERNAL_RULES)
    _INTERNAL_RULES.clear()


def _nowhere(request: Any) -> Answer:
    routes = [f"{method} {path.removeprefix(PATH)}" for method, path, _ in _ROUTES if path.startswith(PATH)]
    raise RefusedError(f"there is no {request.method} {request.path} here; there are: {', '.join(routes)}", 404)


def guarded(route: Route) -> Callable[..., Response]:
    """A control route that answers loopback peers only, and tells every refusal in the API's own shape."""

    def endpoint(request: Any, **_arguments: Any) -> Response:
        try:
            peer = request.remote_addr
            # Calls from within have no address.
            if peer and not peers.is_answered(peer):
                raise RefusedError(f"the control API answers only on this machine, not {peer}", 403)
            answer = route(request)
        except InvalidFaultError as error:
            answer = _error(str(error)), 400
        except RefusedError as error:
            answer = _error(str(error)), error.status
        body, code = answer if isinstance(answer, tuple) else (answer, 200)
        return Response(json.dumps(body), status=code, mimetype="application/json")

    return endpoint


def _error(message: str) -> dict[str, Any]:
    return {"error": {"message": message}}


@_answers("GET", f"{PATH}/status")
def _status(_request: Any) -> Answer:
    return status()


@_answers("POST", f"{PATH}/settle")
def _settle(request: Any) -> Answer:
    timeout_s = inputs.number(request.args.get("timeout", 60), "timeout", "seconds", LONGEST_SETTLE_S)
    pending = IN_FLIGHT.settle(timeout_s, last=inputs.flag(request.args.get("telemetry", "true"), "telemetry"))
    if not pending:
        return {"settled": True}
    listed = [asdict(item) for item in pending]
    return {**_error(f"still in flight: {len(listed)}"), "settled": False, "pending": listed}, NOT_SETTLED


@_answers("POST", f"{PATH}/clock")
def _clock(request: Any) -> Answer:
    body = inputs.body(request)
    if not isinstance(body, dict) or not {"advance_s"} <= set(body) <= {"advance_s", "lived"}:
        raise RefusedError('the clock takes {"advance_s": seconds}, and "lived"')
    seconds, lived = inputs.number(body["advance_s"], "advance_s", "seconds", inf), body.get("lived", False)
    if not isinstance(lived, bool):
        raise RefusedError(f"lived is {inputs.shown(lived)}, not true or false")
    alarms = _evaluator() if seconds else None
    if alarms is not None:
        alarms.prepare()
    try:
        now = CLOCK.advance(seconds, lived=lived)
    except ValueError as error:
        raise RefusedError(f"advance_s: {error}") from error
    if alarms is not None:
        alarms.catch_up()
    return {"now": now, "offset_s": CLOCK.offset}


@_answers("POST", f"{PATH}/alarms/evaluate")
def _evaluate_alarms(_request: Any) -> Answer:
    if (alarms := _evaluator()) is None:
        return {"alarms": {}}
    alarms.evaluate()
    return {"alarms": alarms.states()}


def _evaluator() -> Any | None:
    """What evaluates alarms; None before CloudWatch is used."""
    service = sys.modules.get("wavetank.emulator.cloudwatch.service")
    return service and service.EVALUATOR


@_answers("POST", f"{PATH}/life-cycle")
def _life_cycle(request: Any) -> Answer:
    match inputs.body(request):
        case {"on": bool(on), **others} if not others:
            from wavetank.emulator.control_api.life_cycle import LIFE_CYCLE

            LIFE_CYCLE.switch(on)
            return {"on": on}
    raise RefusedError('the life cycle takes {"on": true} or {"on": false}')


@_answers("POST", f"{PATH}/reset")
def _reset(_request: Any) -> Answer:
    """Reset twice: the second round lets go of what functions write while they end."""
    removed = FAULTS.clear()
    LIMITS.release()
    CHAOS_EFFECTS.latency_s = 0.0
    RESET.run()
    pending = IN_FLIGHT.settle(RESET_WAIT_S)
    RESET.run()
    FAULTS.forget_activity()
    return {"removed": removed, "quiet": not pending}


@_answers("POST", f"{PATH}/tick")
def _tick(request: Any) -> Answer:
    rule = request.args.get("rule", "")
    try:
        SCHEDULES.tick(rule)
    except UnknownRule as error:
        raise RefusedError(str(error), 404) from error
    return {"rule": rule}


@_answers("GET", f"{PATH}/faults")
def _faults(_request: Any) -> Answer:
    faults = [
        {**model.document(entry.fault), "matched": entry.matched, "fired": entry.fired} for entry in FAULTS.statuses()
    ]
    return {"faults": faults}


@_answers("POST", f"{PATH}/faults")
def _add_fault(request: Any) -> Answer:
    given = chaos.unalias(inputs.body(request))
    chaos.check_is_none(given)
    if inputs.flag(request.args.get("check", "false"), "check"):
        return model.document(parse(given, default_id="checked"))
    return model.document(FAULTS.add(given))


@_answers("PATCH", f"{PATH}/faults")
def _change_fault(request: Any) -> Answer:
    fault_id, changes = request.args.get("id", ""), inputs.body(request)
    if not isinstance(changes, dict):
        raise RefusedError("the changes must be a JSON object")
    chaos.check_is_none({"id": fault_id})
    fault = FAULTS.change(fault_id, changes)
    if fault is None:
        raise _unknown_fault(fault_id)
    return model.document(fault)


def _unknown_fault(fault_id: str) -> RefusedError:
    ids = ", ".join(entry.fault.id for entry in FAULTS.statuses()) or "none"
    return RefusedError(f"there is no fault with id {fault_id!r}; there are: {ids}", 404)


@_answers("DELETE", f"{PATH}/faults")
def _remove_fault(request: Any) -> Answer:
    fault_id = request.args.get("id")
    if fault_id is None:
        return {"removed": FAULTS.clear()}
    if not FAULTS.remove(fault_id):
        raise _unknown_fault(fault_id)
    return {"removed": 1}


@_answers("GET", f"{PATH}/faults/points")
def _points(_request: Any) -> Answer:
    return {"points": points.catalogue()}


@_answers("GET", f"{PATH}/limits")
def _limits(_request: Any) -> Answer:
    return {"limits": [_limit(status) for status in LIMITS.statuses()]}


@_answers("POST", f"{PATH}/limits")
def _enforce_limit(request: Any) -> Answer:
    body = inputs.body(request)
    if not isinstance(body, dict) or not isinstance(body.get("name"), str) or set(body) - {"name", "value"}:
        raise RefusedError('a limit is enforced by {"name": …} or {"name": …, "value": n}')
    try:
        return _limit(LIMITS.enforce(body["name"], body.get("value")))
    except InvalidLimitError as error:
        raise RefusedError(str(error)) from error


@_answers("DELETE", f"{PATH}/limits")
def _release_limits(request: Any) -> Answer:
    try:
        LIMITS.release(request.args.get("name"))
    except InvalidLimitError as error:
        raise RefusedError(str(error), 404) from error
    return {"limits": [_limit(status) for status in LIMITS.statuses()]}


def _limit(status: LimitStatus) -> dict[str, Any]:
    kind = KINDS[status.limit]
    return {
        "name": str(status.limit),
        "value": status.value,
        "unit": kind.unit,
        "most": kind.value,
        "refused": status.refused,
        "source": kind.source,
    }


@_answers("GET", f"{PATH}/activity")
def _activity(request: Any) -> Answer:
    after = inputs.count(request.args.get("after", 0), "after")
    firings = FAULTS.activity(after, inputs.count(request.args.get("limit", LOG_LENGTH), "limit"))
    following = firings[-1].number if firings else after
    listed = [
        {
            "number": firing.number,
            "at": firing.at,
            "fault": firing.fault,
            "point": firing.point,
            "action": str(firing.action),
            "target": dict(firing.target),
            "identity": firing.identity,
            "parameters": dict(firing.parameters),
        }
        for firing in firings
    ]
    return {"activity": listed, "next": following}


@_answers("GET", f"{PATH}/recording")
def _recorded(_request: Any) -> Answer:
    return {"calls": [{"match": dict(site.match), "times": site.times} for site in RECORDING.seen()]}


@_answers("POST", f"{PATH}/recording")
def _start_recording(request: Any) -> Answer:
    RECORDING.start(exact=inputs.flag(request.args.get("exact", "false"), "exact"))
    return {"recording": True}


@_answers("DELETE", f"{PATH}/recording")
def _stop_recording(_request: Any) -> Answer:
    RECORDING.stop()
    return {"recording": False}


@_answers("GET", f"{PATH}/authority")
def _authority(request: Any) -> Answer:
    """The governed stacks, what was refused, and the parts of policies that allowed something."""
    refusals, number = RECORDS.refusals(inputs.count(request.args.get("after", 0), "after"))
    used = [
        {"holder": holder, "action": grant.action, "resource": grant.resource, "times": times}
        for (holder, grant), times in sorted(RECORDS.uses().items())
    ]
    return {
        "enforced": environ.get(AUTHORITY_VARIABLE) != AUTHORITY_OFF,
        "stacks": OWNERSHIP.governed,
        "refused": [asdict(refusal) for refusal in refusals],
        "next": number,
        "used": used,
    }


@_answers("POST", f"{PATH}/authority")
def _govern(request: Any) -> Answer:
    OWNERSHIP.govern(_stack_name(request))
    return {"stacks": OWNERSHIP.governed}


@_answers("DELETE", f"{PATH}/authority")
def _release(request: Any) -> Answer:
    OWNERSHIP.release(_stack_name(request))
    return {"stacks": OWNERSHIP.governed}


def _stack_name(request: Any) -> str:
    name = request.args.get("stack", "")
    if not name:
        raise RefusedError("authority takes the name of a CloudFormation stack: ?stack=NAME")
    return str(name)


@_answers("GET", f"{CHAOS_PATH}/faults")
def _chaos_rules(_request: Any) -> Answer:
    return chaos.rules(FAULTS)


@_answers("POST", f"{CHAOS_PATH}/faults")
def _set_chaos_rules(request: Any) -> Answer:
    chaos.replace(FAULTS, _listed(request))
    return chaos.rules(FAULTS)


@_answers("PATCH", f"{CHAOS_PATH}/faults")
def _add_chaos_rules(request: Any) -> Answer:
    chaos.replace(FAULTS, [*chaos.rules(FAULTS), *_listed(request)])
    return chaos.rules(FAULTS)


@_answers("DELETE", f"{CHAOS_PATH}/faults")
def _remove_chaos_rules(request: Any) -> Answer:
    """Remove the rules of the body, or all without one."""
    removed = _listed(request) if request.get_data() else chaos.rules(FAULTS)
    gone = [chaos.fault_of(rule) for rule in removed]
    chaos.replace(FAULTS, [rule for rule in chaos.rules(FAULTS) if chaos.fault_of(rule) not in gone])
    return chaos.rules(FAULTS)


def _listed(request: Any) -> list[Any]:
    body = inputs.body(request)
    if not isinstance(body, list):
        raise RefusedError("the chaos API takes a list of rules")
    return body


@_answers("GET", f"{CHAOS_PATH}/effects")
def _effects(_request: Any) -> Answer:
    return {"latency": round(CHAOS_EFFECTS.latency_s * 1000)}


@_answers("POST", f"{CHAOS_PATH}/effects")
def _set_effects(request: Any) -> Answer:
    body = inputs.body(request)
    if not isinstance(body, dict) or set(body) - {"latency"}:
        raise RefusedError('the effects are {"latency": milliseconds}')
    latency_ms = inputs.number(body.get("latency") or 0, "latency", "milliseconds", LONGEST_LATENCY_MS)
    CHAOS_EFFECTS.latency_s = latency_ms / 1000
    return {"latency": round(CHAOS_EFFECTS.latency_s * 1000)}
