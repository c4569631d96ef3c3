"""Assignment of environments to invocations: the free one that was used last, as on AWS, or a new one.

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
        with service.on_demand_start_semaphore:
            environment = service.start_environment(version_manager_id, function_version)
        environment.reserve()  # Before anybody else can see it.
        service.environments[version_manager_id][environment.id] = environment
    try:
        yield environment
    except Exception:
        # The invocation could not be run: only a provisioned environment gets another chance.
        if environment.initialization_type == InitializationType.on_demand:
            service.stop_environment(environment)
        else:
            try:
                environment.release()
            except InvalidStatusException:
                service.stop_environment(environment)
        raise
    environment.release()


def _free(
    service: AssignmentService, version_manager_id: str, provisioning_type: InitializationType
) -> ExecutionEnvironment | None:
    """The environment that was given back last, reserved; None where all are busy."""
    there = list(service.environments[version_manager_id].values())
    fitting = [environment for environment in there if environment.initialization_type == provisioning_type]
    for environment in sorted(fitting, key=lambda environment: environment.last_returned, reverse=True):
        with contextlib.suppress(InvalidStatusException):
            environment.reserve()
            return environment
    return None
