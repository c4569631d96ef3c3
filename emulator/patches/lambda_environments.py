"""Lambda's environments: the last used is used again, idle ones end in emulator time, and stops wait for their turn.

LocalStack takes the oldest and may hand a new one to two invocations; starts a timer, which is a thread, after every
invocation; and fails where an environment is told to stop while it runs, or a version that never started.
"""

from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from wavetank.emulator.patches import original, replace, wrap
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.on_import import when_imported

INVOCATION = "localstack.services.lambda_.invocation"


def install() -> None:
    """Change each part when it is imported."""
    when_imported(f"{INVOCATION}.assignment", lend_the_last)
    when_imported(f"{INVOCATION}.execution_environment", end_in_emulator_time)
    when_imported(f"{INVOCATION}.lambda_service", stop_what_runs)


def lend_the_last(assignment: ModuleType) -> None:
    """Choose environments by `emulator.lambda_.service.assignment`. Raises TypeError where others are lent."""
    parameters = ("version_manager_id", "function_version", "provisioning_type")
    original(assignment, "AssignmentService.get_environment", *parameters)
    from wavetank.emulator.lambda_.service.assignment import lend

    replace(assignment, "AssignmentService.get_environment", lend)


def end_in_emulator_time(execution_environment: ModuleType) -> None:
    """Take an environment back after an invocation, unless it was stopped meanwhile, and watch how long it is idle.

    Raises TypeError for environments that are taken back otherwise.
    """
    statuses = original(execution_environment, "RuntimeStatus")
    is_invalid = original(execution_environment, "InvalidStatusException")
    on_demand = original(execution_environment, "InitializationType.on_demand")
    from wavetank.emulator.lambda_.service.keep_alive import KEEP_ALIVE

    def release(environment: Any) -> None:
        with environment.status_lock:
            if environment.status is statuses.STOPPED:
                return
            if environment.status is not statuses.INVOKING:
                raise is_invalid(f"Environment {environment.id} is {environment.status}, not invoking.")
            environment.last_returned = datetime.fromtimestamp(CLOCK.now(), UTC).replace(tzinfo=None)
            environment.status = statuses.READY
        if environment.initialization_type == on_demand:
            KEEP_ALIVE.idle(environment)

    replace(execution_environment, "ExecutionEnvironment.release", release)


def stop_what_runs(lambda_service: ModuleType) -> None:
    """Stop a version; one that failed to start has nothing to stop, so that its function can be deleted.

    Raises TypeError where versions are stopped otherwise.
    """

    def stop_version(stop: Any, service: Any, qualified_arn: str) -> None:
        if qualified_arn in {**service.lambda_running_versions, **service.lambda_starting_versions}:
            stop(service, qualified_arn)

    wrap(lambda_service, "LambdaService.stop_version", stop_version, "qualified_arn")
