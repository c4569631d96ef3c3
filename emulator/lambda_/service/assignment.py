"""Which environment an invocation runs in: the free one that was used last, as on AWS, or a new one.

LocalStack takes the oldest, and may hand a new environment to two invocations.
"""

import contextlib
from collections.abc import Iterator

from localstack.services.lambda_.invocation.assignment import AssignmentException, AssignmentService
from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment, InvalidStatusException
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InitializationType


@contextlib.contextmanager
def lend(
    service: AssignmentService,
    version_manager_id: str,
    function_version: FunctionVersion,
    provisioning_type: InitializationType,
) -> Iterator[ExecutionEnvironment]:
    """An environment, for one invocation; stands in for `AssignmentService.get_environment`.

    Raises `AssignmentException` where none can be started, or no provisioned one is free.
    """
    environment = _free(service, version_manager_id, provisioning_type)
    if environment is None:
        if provisioning_type is not InitializationType.on_demand:
            raise AssignmentException("No provisioned concurrency environment available despite lease.")
        environment = _new(service, version_manager_id, function_version)
    try:
        yield environment
    except Exception:
        _take_back(service, environment)
        raise
    environment.release()


def _free(
    service: AssignmentService, version_manager_id: str, provisioning_type: InitializationType
) -> ExecutionEnvironment | None:
    """The one that was given back last, reserved; None where all are busy."""
    there = list(service.environments[version_manager_id].values())
    fitting = [environment for environment in there if environment.initialization_type == provisioning_type]
    for environment in sorted(fitting, key=lambda one: one.last_returned, reverse=True):
        with contextlib.suppress(InvalidStatusException):
            environment.reserve()
            return environment
    return None


def _new(
    service: AssignmentService, version_manager_id: str, function_version: FunctionVersion
) -> ExecutionEnvironment:
    """One more environment, reserved before anybody else can see it."""
    with service.on_demand_start_semaphore:
        environment = service.start_environment(version_manager_id, function_version)
    environment.reserve()
    service.environments[version_manager_id][environment.id] = environment
    return environment


def _take_back(service: AssignmentService, environment: ExecutionEnvironment) -> None:
    """An invocation could not be run: only a provisioned environment gets another chance."""
    if environment.initialization_type == InitializationType.on_demand:
        service.stop_environment(environment)
        return
    try:
        environment.release()
    except InvalidStatusException:
        service.stop_environment(environment)
