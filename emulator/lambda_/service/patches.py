"""What of LocalStack's Lambda service is changed for functions that run in processes, besides the executor.

- Logs and metrics go through `emulator.lambda_.service.telemetry` instead of a thread and a call for every invocation.
- A function whose deployment failed can be deleted.
- Events are checked before an environment is looked for, and the client context reaches the handler.
- Of several free environments the one used last is used again.
- Environments that are idle end in emulator time.
- A throttled invocation is counted, and says which limit it met.
- An environment may be told to stop while it runs: it finishes first, which is no error.
- A function's URL invokes it without a client context.
- A fault may refuse an invocation before it gets an environment, or go with it to its environment.
"""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api.lambda_ import ThrottleReason, TooManyRequestsException
from localstack.services.lambda_.invocation import version_manager
from localstack.services.lambda_.invocation.assignment import AssignmentService
from localstack.services.lambda_.invocation.counting_service import CountingService
from localstack.services.lambda_.invocation.execution_environment import (
    ExecutionEnvironment,
    InvalidStatusException,
    RuntimeStatus,
)
from localstack.services.lambda_.invocation.lambda_models import (
    Function,
    FunctionVersion,
    InitializationType,
    Invocation,
    InvocationResult,
    ProvisionedConcurrencyState,
)
from localstack.services.lambda_.invocation.lambda_service import LambdaService
from localstack.services.lambda_.invocation.logs import LogHandler, LogItem
from localstack.utils.threads import start_thread

from wavetank.emulator.lambda_.execution.invocation_fault import InvocationFault as Trouble
from wavetank.emulator.lambda_.execution.invocation_fault import Kind
from wavetank.emulator.lambda_.execution.invocation_fault import invocation_fault_of as trouble_of
from wavetank.emulator.lambda_.service import telemetry
from wavetank.emulator.lambda_.service.assignment import KEEP_ALIVE, lend
from wavetank.emulator.lambda_.service.request_checks import check_event, client_context
from wavetank.emulator.lambda_.service.telemetry import Stream
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.cloudwatch import Place

METRIC_THREADS = "record-cloudwatch-metric"
"""How LocalStack names the threads that record a metric."""

TROUBLE: ContextVar[Trouble | None] = ContextVar("trouble", default=None)
"""What strikes the invocation that this thread carries to an environment."""


def install() -> None:
    """Change the classes in place; once is enough, twice is no harm."""
    vars(version_manager).update(
        record_cw_metric_invocation=_count_invocation,
        record_cw_metric_error=_count_error,
        start_thread=_start_thread,
    )
    LogHandler.start_subscriber = _do_nothing
    LogHandler.stop = _do_nothing
    LogHandler.add_logs = _deliver_logs
    LambdaService.stop_version = _stop_version
    LambdaService.invoke = _invoke
    AssignmentService.get_environment = lend
    CountingService.get_invocation_lease = _lease
    ExecutionEnvironment.invoke = _invoke_in_environment
    ExecutionEnvironment.release = _release
    version_manager.LambdaVersionManager.invoke = _invoke_unless_refused


def _count_invocation(function_name: str, account_id: str, region_name: str) -> None:
    telemetry.count(Place(account_id, region_name), function_name, "Invocations")


def _count_error(function_name: str, account_id: str, region_name: str) -> None:
    telemetry.count(Place(account_id, region_name), function_name, "Invocations", "Errors")


def _start_thread(method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Start a thread, but not for what only adds to a batch."""
    if str(kwargs.get("name", "")).startswith(METRIC_THREADS):
        return method()
    return start_thread(method, *args, **kwargs)


def _do_nothing(handler: LogHandler) -> None:
    """There is one delivery for all functions, which also takes what a function logs while it is being replaced."""


def _deliver_logs(handler: LogHandler, item: LogItem) -> None:
    account = handler.role_arn.split(":")[4]
    telemetry.log(Stream(Place(account, handler.region), item.log_group, item.log_stream), item.logs)


_stop_running_version = LambdaService.stop_version


def _stop_version(service: LambdaService, qualified_arn: str) -> None:
    """Stop a version; one that failed to start has nothing to stop, and that is no error."""
    running = {**service.lambda_running_versions, **service.lambda_starting_versions}
    if qualified_arn in running:
        _stop_running_version(service, qualified_arn)


def _release(environment: ExecutionEnvironment) -> None:
    """Take an environment back after an invocation, unless it was stopped meanwhile."""
    with environment.status_lock:
        if environment.status is RuntimeStatus.STOPPED:
            return
        if environment.status is not RuntimeStatus.INVOKING:
            raise InvalidStatusException(f"Environment {environment.id} is {environment.status}, not invoking.")
        environment.last_returned = datetime.fromtimestamp(CLOCK.now(), UTC).replace(tzinfo=None)
        environment.status = RuntimeStatus.READY
    if environment.initialization_type == InitializationType.on_demand:
        KEEP_ALIVE.idle(environment)


_invoke_checked = LambdaService.invoke


def _invoke(service: LambdaService, *args: Any, **request: Any) -> InvocationResult | None:
    """Invoke a function, if its event may pass."""
    if "trace_context" not in request:
        # Not from the API but from a function's URL, for which LocalStack writes a client context. On AWS it has none.
        request["client_context"] = None
    check_event(request.get("payload"), request.get("invocation_type"))
    client_context(request.get("client_context"))
    return _invoke_checked(service, *args, **request)


_invoke_without_context = ExecutionEnvironment.invoke


def _invoke_in_environment(environment: ExecutionEnvironment, invocation: Invocation) -> InvocationResult:
    """Run one invocation; the environment is this one's alone, so what it is told now is told of this one."""
    environment.runtime_executor.client_context = client_context(invocation.client_context)
    return _invoke_without_context(environment, invocation)


_unexplained_lease = CountingService.get_invocation_lease


@contextlib.contextmanager
def _lease(
    service: CountingService,
    function: Function | None,
    function_version: FunctionVersion,
    provisioned_state: ProvisionedConcurrencyState | None = None,
) -> Iterator[InitializationType]:
    """The right to run an invocation. Raises `TooManyRequestsException` with the limit that was met."""
    with contextlib.ExitStack() as stack:
        lease = _unexplained_lease(service, function, function_version, provisioned_state)
        try:
            provisioning_type = stack.enter_context(lease)
        except TooManyRequestsException as throttled:
            about = function_version.id
            telemetry.count(Place(about.account, about.region), about.function_name, "Throttles")
            if function is None or function.reserved_concurrent_executions is None:
                throttled.Reason = ThrottleReason.ConcurrentInvocationLimitExceeded
            raise
        yield provisioning_type


_invoke_version = version_manager.LambdaVersionManager.invoke


def _invoke_unless_refused(manager: Any, *, invocation: Any) -> Any:
    """Ask the faults first: a throttled invocation gets no environment, and none is lost for it."""
    version = manager.function_version.id
    trouble = trouble_of(version.function_name, version.qualifier, invocation.payload)
    if trouble is None:
        return _invoke_version(manager, invocation=invocation)
    if trouble.kind is Kind.THROTTLE:
        reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
        raise TooManyRequestsException("Rate Exceeded.", Reason=reason, Type="User")
    token = TROUBLE.set(trouble)
    try:
        return _invoke_version(manager, invocation=invocation)
    finally:
        TROUBLE.reset(token)
