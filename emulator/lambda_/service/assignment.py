"""Assignment of environments to invocations: the free one that was used last, as on AWS, or a new one; and the end of
those that are idle for too long.

LocalStack takes the oldest, may hand a new environment to two invocations, and starts a timer, which is a thread,
after every invocation, and measures by the wall clock.
"""

import contextlib
import threading
from collections.abc import Iterator

from localstack import config
from localstack.services.lambda_.invocation.assignment import AssignmentException, AssignmentService
from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment, InvalidStatusException
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InitializationType

from wavetank.emulator.runtime.clock import CLOCK, Alarm

IDLE_S = config.LAMBDA_KEEPALIVE_MS / 1000
"""Seconds without an event after which an environment ends: see `KEEP_ALIVE_S` of `emulator.stack.environment`."""


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


class KeepAlive:
    """The idle environments, and when each became idle; its thread starts with the first and is a daemon."""

    def __init__(self, idle_s: float = IDLE_S) -> None:
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._since: dict[str, tuple[float, ExecutionEnvironment]] = {}
        self._alarm = Alarm()
        self._thread: threading.Thread | None = None

    def idle(self, environment: ExecutionEnvironment) -> None:
        """Start the idle time of an environment; it is left alone if it is busy when the time is over."""
        with self._lock:
            self._since.pop(environment.id, None)
            self._since[environment.id] = CLOCK.now(), environment
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lambda-keep-alive", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            with self._lock:
                first = next(iter(self._since.values()), None)
            self._alarm.wait(self._idle_s if first is None else max(0.0, first[0] + self._idle_s - CLOCK.now()))
            limit, overdue = CLOCK.now() - self._idle_s, list[ExecutionEnvironment]()
            with self._lock:
                while self._since:  # In the order in which they became idle.
                    name, (since, environment) = next(iter(self._since.items()))
                    if since > limit:
                        break
                    del self._since[name]
                    overdue.append(environment)
            for environment in overdue:
                with contextlib.suppress(InvalidStatusException, KeyError):  # ended otherwise meanwhile
                    environment.keepalive_passed()


KEEP_ALIVE = KeepAlive()
