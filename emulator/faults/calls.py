"""The fault point `aws.call`: an API call fails, fails after it took effect, or takes longer.

Its handlers stand in LocalStack's chain, so they see calls over HTTP and calls between services alike, and their errors
are written by the serializer that writes the real ones. Stale reads, answers in part and the deaths of functions at
their n-th call begin here too.
"""

import hashlib
import re
from io import BytesIO
from typing import Any

from localstack.aws import handlers
from localstack.aws.api import CommonServiceException
from localstack.aws.handlers.service import ServiceExceptionSerializer
from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header

from wavetank.emulator.faults import partial, stale
from wavetank.emulator.faults.answers import answer_of
from wavetank.emulator.faults.chaos import CHAOS_EFFECTS
from wavetank.emulator.faults.engine import FAULTS, Firing
from wavetank.emulator.faults.identity import steady
from wavetank.emulator.faults.points import Action, Point
from wavetank.emulator.faults.recording import RECORDING
from wavetank.emulator.runtime.callers import CALLERS, Caller
from wavetank.emulator.runtime.clock import CLOCK, Alarm
from wavetank.emulator.runtime.inflight import IN_FLIGHT

_RESOURCES = (
    "Bucket", "StreamName", "StreamARN", "DeliveryStreamName", "FunctionName", "TopicArn", "TargetArn",
    "QueueUrl", "QueueName", "RuleName", "TableName", "StackName", "logGroupName", "Name",
)  # fmt: skip
"""The parameters that name what a call is about, the most telling first."""

_FIRING = "wavetank_firing"
_DOOMED = "wavetank_doomed"
_HELD = "wavetank_held"
_APPLICATION = re.compile(r"(?:^| )app/(?P<id>[^ ]+)")
"""The application id that an SDK puts in its User-Agent (AWS SDKs and Tools Reference Guide, "Application ID")."""
_ERRORS = ServiceExceptionSerializer()


def install() -> None:
    """Handle every AWS call from now on."""
    handlers.serve_custom_service_request_handlers.append(_before)
    handlers.run_custom_response_handlers.append(_after)


def uninstall() -> None:
    """Handle calls no more; harmless where the handlers are not installed."""
    for chain, handler in (
        (handlers.serve_custom_service_request_handlers, _before),
        (handlers.run_custom_response_handlers, _after),
    ):
        if handler in chain.handlers:
            chain.remove(handler)


def caller_of(context: Any) -> Caller | None:
    """The function's environment that makes a call; None for everybody else."""
    if context.is_internal_call:
        return None
    return CALLERS.find(extract_access_key_id_from_auth_header(context.request.headers))


def _before(chain: Any, context: Any, response: Any) -> None:
    if context.operation is None:
        return
    if CALLERS.any_planned and (caller := caller_of(context)) is not None:
        planned_kill = caller.count_call()
        if planned_kill is not None and planned_kill.after:
            setattr(context, _DOOMED, caller)
        elif planned_kill is not None:
            _kill(caller)
    if CHAOS_EFFECTS.latency_s and not context.is_internal_call:
        Alarm().wait(CHAOS_EFFECTS.latency_s)
    if RECORDING.on:
        RECORDING.note(_target(context))
    if FAULTS.armed(Point.AWS_CALL):
        _fire(context)
    if FAULTS.armed(Point.S3_READ) and context.service.service_name == "s3":
        stale.before(chain, context, response, _function(context))
    if FAULTS.armed(Point.S3_LISTING) or FAULTS.armed(Point.SQS_SEND):
        partial.before(chain, context, response, _function(context))


def _after(_chain: Any, context: Any, response: Any) -> None:
    doomed: Caller | None = getattr(context, _DOOMED, None)
    if doomed is not None:
        doomed.kill()
    held: Firing | None = getattr(context, _HELD, None)
    if held is not None:
        _take_in(response)
        _hold(context, held, "its answer")
    if context.service_exception is not None or context.operation is None:
        return
    firing = getattr(context, _FIRING, None)
    if firing is not None:
        answer = _ERRORS.create_exception_response(_error(firing, context), context)
        response.headers.clear()
        response.update_from(answer)
    elif FAULTS.armed(Point.S3_READ) and context.service.service_name == "s3":
        stale.after(context, response, _function(context))
    else:
        partial.after(context, response)


def _fire(context: Any) -> None:
    firing = FAULTS.fire(Point.AWS_CALL, _target(context), lambda: _identity(context))
    if firing is None:
        return
    match firing.action:
        case Action.DELAY:
            _hold_back(context, firing.seconds())
        case Action.ERROR_BEFORE:
            raise _error(firing, context)
        case Action.ERROR_AFTER:
            setattr(context, _FIRING, firing)
        case Action.CRASH_BEFORE:
            _kill(caller_of(context))
        case Action.CRASH_AFTER:
            setattr(context, _DOOMED, caller_of(context))
        case Action.HOLD_BEFORE:
            _keep_body(context)
            _hold(context, firing, "it")
        case Action.HOLD_AFTER:
            setattr(context, _HELD, firing)


def _hold_back(context: Any, delay_s: float) -> None:
    """Delay the call; a function whose time is over meanwhile is ended, and its call takes effect all the same."""
    caller = caller_of(context)
    _keep_body(context)
    function = caller.function if caller else ""
    what = f"{context.operation.name} of {function or 'a client'} (held back {delay_s:g} s by a fault)"
    due = CLOCK.now() + delay_s
    end = IN_FLIGHT.begin(Point.AWS_CALL, function, what, until=due, by_fault=True)
    try:
        if caller is not None and delay_s >= caller.timeout_s:
            IN_FLIGHT.pause(
                Point.AWS_CALL, function, f"{function} until its time is over", caller.timeout_s, by_fault=True
            )
            caller.time_out()
        Alarm().wait(due - CLOCK.now())
    finally:
        end()


def _hold(context: Any, firing: Firing, what: str) -> None:
    """Return once the fault is taken away."""
    caller = _function(context)
    held = f"{context.operation.name} of {caller or 'a client'} ({what} is held until {firing.fault} is taken away)"
    end = IN_FLIGHT.begin(Point.AWS_CALL, caller, held, by_fault=True)
    try:
        firing.gone.wait()
    finally:
        end()


def _keep_body(context: Any) -> None:
    """Read the body of a request whole: what the caller still sends may be gone when the call goes on."""
    request = context.service_request or {}
    if hasattr(request.get("Body"), "read"):
        request["Body"] = BytesIO(request["Body"].read())


def _take_in(response: Any) -> None:
    """Make the answer independent of the object that it is read from, which may be removed before it is sent."""
    body = response.get_data()
    response.close()
    response._on_close.clear()
    response.response = [body]


def _kill(caller: Caller | None) -> None:
    """End the caller and its call, which has no effect."""
    if caller is not None:
        caller.kill()
    # The error ends the call; no caller is left to read it.
    raise CommonServiceException("RequestTimeout", "The caller is gone.", 400)


def _error(firing: Firing, context: Any) -> CommonServiceException:
    parameters = firing.parameters
    answer = answer_of(
        context.service.service_name,
        status=int(parameters["status"]),
        code=str(parameters["code"]),
        message=str(parameters["message"]),
    )
    # No error of S3 tells whose fault it is.
    sender_fault = answer.status < 500 and context.protocol != "rest-xml"
    # Some protocols send the name of the class, which has to be that of a real error.
    kind = type(answer.code, (CommonServiceException,), {})
    return kind(answer.code, answer.message, status_code=answer.status, sender_fault=sender_fault)


def _function(context: Any) -> str:
    """The name of the function that calls, or the application id that another client gives itself."""
    caller = caller_of(context)
    if caller is not None or context.is_internal_call:
        return caller.function if caller is not None else ""
    application = _APPLICATION.search(context.request.headers.get("User-Agent", ""))
    return application["id"] if application else ""


def _target(context: Any) -> dict[str, str]:
    request = context.service_request or {}
    parts = next((str(request[field]) for field in _RESOURCES if request.get(field)), "").split(":")
    is_function = parts[0] == "arn" and len(parts) > 6 and parts[2] == "lambda"
    return {
        "service": context.service.service_name,
        "operation": context.operation.name,
        # The name in an ARN or a queue's address; in a function's ARN a version may follow it.
        "resource": parts[6] if is_function else parts[-1].rpartition("/")[2],
        "key": str(request.get("Key") or ""),
        "prefix": str(request.get("Prefix") or ""),
        "origin": "service" if context.is_internal_call else "client",
        "caller": _function(context),
        "region": context.region or "",
    }


def _identity(context: Any) -> str:
    """The operation and a digest of its parameters: the same call in another run has the same identity."""
    request = context.service_request or {}
    parameters = sorted((name, value) for name, value in request.items() if not hasattr(value, "read"))
    digest = hashlib.md5(steady(repr(parameters)).encode(), usedforsecurity=False).hexdigest()
    return f"{context.service.service_name}.{context.operation.name}/{digest}"
