"""Lambda's invocations: checked before an environment is looked for, open to faults, and told which limit they met.

- Events are checked as AWS does, and the client context reaches the handler; a function's URL gives none.
- A throttled invocation is counted, and says which limit it met.
- A fault may refuse an invocation before it gets an environment, or go with it to its environment.
"""

import contextlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from wavetank.emulator.patches import original, replace, wrap
from wavetank.emulator.runtime.on_import import when_imported

INVOCATION = "localstack.services.lambda_.invocation"


def install() -> None:
    """Change each part when it is imported."""
    when_imported(f"{INVOCATION}.lambda_service", check_requests)
    when_imported(f"{INVOCATION}.execution_environment", hand_over_context)
    when_imported(f"{INVOCATION}.counting_service", explain_throttles)
    when_imported(f"{INVOCATION}.version_manager", ask_the_faults)


def check_requests(lambda_service: ModuleType) -> None:
    """Invoke a function if its event may pass. Raises TypeError where functions are invoked otherwise."""
    original(lambda_service, "LambdaService.invoke", "payload", "invocation_type", "client_context", "trace_context")
    from wavetank.emulator.lambda_.service.request_checks import check_event, client_context

    def invoke(invoke_unchecked: Any, service: Any, *args: Any, **request: Any) -> Any:
        if "trace_context" not in request:
            # Not from the API but from a function's URL, for which LocalStack writes a client context. On AWS it has
            # none.
            request["client_context"] = None
        check_event(request.get("payload"), request.get("invocation_type"))
        client_context(request.get("client_context"))
        return invoke_unchecked(service, *args, **request)

    wrap(lambda_service, "LambdaService.invoke", invoke)


def hand_over_context(execution_environment: ModuleType) -> None:
    """Tell the executor the client context; the environment is this invocation's alone.

    Raises TypeError where invocations are run otherwise.
    """
    original(execution_environment, "ExecutionEnvironment.invoke", "invocation")
    from wavetank.emulator.lambda_.service.request_checks import client_context

    def invoke(run: Any, environment: Any, invocation: Any) -> Any:
        environment.runtime_executor.client_context = client_context(invocation.client_context)
        return run(environment, invocation)

    wrap(execution_environment, "ExecutionEnvironment.invoke", invoke)


def explain_throttles(counting_service: ModuleType) -> None:
    """Lend the right to run an invocation; TooManyRequestsException says which limit was met, and is counted.

    The account's concurrency is LocalStack's setting, or less while that limit is enforced.
    Raises TypeError where rights are lent otherwise.
    """
    lease = original(counting_service, "CountingService.get_invocation_lease", "function", "function_version")
    from localstack import config
    from localstack.aws.api.lambda_ import ThrottleReason, TooManyRequestsException

    from wavetank.emulator.lambda_.service import telemetry
    from wavetank.emulator.lambda_.service.concurrency import CONCURRENCY
    from wavetank.emulator.limits.register import LIMITS, Limit
    from wavetank.emulator.runtime.cloudwatch import Place

    unlimited = config.LAMBDA_LIMITS_CONCURRENT_EXECUTIONS

    @contextlib.contextmanager
    def get_invocation_lease(
        service: Any, function: Any, function_version: Any, provisioned_state: Any = None
    ) -> Iterator[Any]:
        with contextlib.ExitStack() as stack:
            config.LAMBDA_LIMITS_CONCURRENT_EXECUTIONS = LIMITS.value(Limit.ACCOUNT_CONCURRENCY) or unlimited
            try:
                provisioning_type = stack.enter_context(lease(service, function, function_version, provisioned_state))
            except TooManyRequestsException as throttled:
                about = function_version.id
                telemetry.count(Place(about.account, about.region), about.function_name, "Throttles")
                if function is None or function.reserved_concurrent_executions is None:
                    LIMITS.refuse(Limit.ACCOUNT_CONCURRENCY)
                    throttled.Reason = ThrottleReason.ConcurrentInvocationLimitExceeded
                raise
            about = function_version.id
            with CONCURRENCY.one(Place(about.account, about.region), about.function_name):
                yield provisioning_type

    replace(counting_service, "CountingService.get_invocation_lease", get_invocation_lease)


def ask_the_faults(version_manager: ModuleType) -> None:
    """Ask the faults before an invocation: a throttled one gets no environment, and none is lost for it.

    Raises TypeError where versions are invoked otherwise.
    """
    original(version_manager, "LambdaVersionManager.invoke", "invocation")
    from localstack.aws.api.lambda_ import TooManyRequestsException

    from wavetank.emulator.lambda_.execution.invocation_fault import STRIKING, Kind, invocation_fault_of
    from wavetank.emulator.lambda_.service import telemetry
    from wavetank.emulator.runtime.cloudwatch import Place

    def invoke(run: Any, manager: Any, *, invocation: Any) -> Any:
        version = manager.function_version.id
        fault = invocation_fault_of(version.function_name, version.qualifier, invocation.payload)
        if fault is None:
            return run(manager, invocation=invocation)
        if fault.kind is Kind.THROTTLE:
            telemetry.count(Place(version.account, version.region), version.function_name, "Throttles")
            reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
            raise TooManyRequestsException("Rate Exceeded.", Reason=reason, Type="User")
        token = STRIKING.set(fault)
        try:
            return run(manager, invocation=invocation)
        finally:
            STRIKING.reset(token)

    wrap(version_manager, "LambdaVersionManager.invoke", invoke)
