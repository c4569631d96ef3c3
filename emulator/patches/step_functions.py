"""Step Functions go by the emulator's clock: `Wait` states and pauses between retries pass when it is advanced.

An execution is in flight until it has ended, also while it waits. Timeouts and heartbeats of tasks are the wall
clock's, as what functions do is. JSONata is refused when a state machine is made: LocalStack would download a Java
runtime for it at the first execution. All else is LocalStack's interpreter of the Amazon States Language.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html
"""

import datetime
import sys
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any

from wavetank.emulator.patches import original, replace, wrap
from wavetank.emulator.runtime.clock import CLOCK, Alarm
from wavetank.emulator.runtime.inflight import IN_FLIGHT
from wavetank.emulator.runtime.json_text import parsed
from wavetank.emulator.runtime.on_import import when_imported
from wavetank.emulator.runtime.reset import RESET

SERVICE = "localstack.services.stepfunctions"
STATES = f"{SERVICE}.asl.component.state.state_wait.wait_function"
HOP = "states.execution"
WAIT_HOP = "states.wait"
LOOK_S = 0.5
"""How often a state that waits looks whether its execution was stopped meanwhile; wall clock."""
STOP_REASON = "wavetank.Reset"


def install() -> None:
    """Change each part when it is imported, and stop what runs at every reset."""
    when_imported(f"{SERVICE}.backend.execution_worker", track_executions)
    when_imported(f"{STATES}.wait_function", wait_in_emulator_time)
    when_imported(f"{STATES}.timestamp", tell_emulator_time)
    when_imported(f"{SERVICE}.asl.component.common.retry.retrier_decl", retry_in_emulator_time)
    when_imported(f"{SERVICE}.provider", refuse_jsonata)
    RESET.enrol("executions", _stop_all)


def track_executions(module: ModuleType) -> None:
    """Hold a token of `IN_FLIGHT` for each execution, from before its start is answered until it has ended.

    Raises TypeError for another worker.
    """
    logic = original(module, "ExecutionWorker._execution_logic")

    def start_tracked(start: Any, worker: Any) -> None:
        execution = worker._evaluation_details.execution_details.arn.rpartition(":execution:")[2]
        end = IN_FLIGHT.begin(HOP, execution.partition(":")[0], execution)

        def run() -> None:
            try:
                logic(worker)
            finally:
                end()

        worker._execution_logic = run
        try:
            start(worker)
        except BaseException:
            end()
            raise

    wrap(module, "ExecutionWorker.start", start_tracked)


def wait_in_emulator_time(module: ModuleType) -> None:
    """Let `Wait` states wait on the emulator's clock, until their execution is stopped.

    Raises TypeError for another state.
    """

    def wait_interval(_self: Any, env: Any, wait_seconds: float) -> None:
        due_at, alarm = CLOCK.now() + wait_seconds, Alarm()
        machine = env.states.context_object.context_object_data["StateMachine"]["Name"]
        with IN_FLIGHT.doing(WAIT_HOP, machine, "a state waits", until=due_at):
            while env.is_running() and (left_s := due_at - CLOCK.now()) > 0:
                alarm.wait(left_s, patience=LOOK_S)

    replace(module, "WaitFunction._wait_interval", wait_interval, "env", "wait_seconds")


def tell_emulator_time(module: ModuleType) -> None:
    """Let `Timestamp` be compared with the emulator's time, in UTC as it is written.

    Raises TypeError for another comparison.
    """
    original(module, "datetime.datetime.now")

    class EmulatorTime(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> "EmulatorTime":
            now = cls.fromtimestamp(CLOCK.now(), datetime.UTC)
            return now.astimezone(tz) if tz is not None else now.replace(tzinfo=None)

    replace(module, "datetime", SimpleNamespace(datetime=EmulatorTime))


def retry_in_emulator_time(module: ModuleType) -> None:
    """Let the pause before a retry pass with the emulator's clock. Raises TypeError where it is made otherwise."""
    original(module, "time.sleep")

    def sleep(seconds: float) -> None:
        IN_FLIGHT.pause(WAIT_HOP, "", "a state is tried again", seconds)

    replace(module, "time", SimpleNamespace(sleep=sleep))


def refuse_jsonata(module: ModuleType) -> None:
    """Refuse definitions with JSONata where they are validated. Raises TypeError where they are validated otherwise."""
    parameters = ("definition", "static_analysers")
    validate: Callable[..., None] = original(module, "StepFunctionsProvider._validate_definition", *parameters)

    def validate_and_refuse(definition: str, static_analysers: list[Any]) -> None:
        validate(definition, static_analysers)
        for name in uses_of_jsonata(parsed(definition)):
            refusal = module.InvalidDefinition()
            refusal.message = (
                f"QueryLanguage JSONata of {name} is not supported by this emulator, which has no Java runtime. "
                "Use JSONPath, the default."
            )
            raise refusal

    replace(module, "StepFunctionsProvider._validate_definition", staticmethod(validate_and_refuse))


def uses_of_jsonata(definition: object, name: str = "the state machine") -> Iterator[str]:
    """The names of the states, or of the machine, whose query language is JSONata."""
    if not isinstance(definition, Mapping):
        return
    if definition.get("QueryLanguage") == "JSONata":
        yield name
    branches = definition.get("Branches")
    inner_machines = branches if isinstance(branches, list) else []
    for inner in (definition, definition.get("ItemProcessor"), definition.get("Iterator"), *inner_machines):
        states = inner.get("States") if isinstance(inner, Mapping) else None
        for key, state in states.items() if isinstance(states, Mapping) else ():
            yield from uses_of_jsonata(state, f"state {key}")


def _stop_all() -> None:
    """Stop the executions that run: what they work on is let go of."""
    models = sys.modules.get(f"{SERVICE}.backend.models")
    if models is None:
        return
    now = datetime.datetime.fromtimestamp(CLOCK.now(), datetime.UTC)
    for _account, _region, store in models.sfn_stores.iter_stores():
        for execution in list(store.executions.values()):
            if execution.exec_status == "RUNNING" and getattr(execution.exec_worker, "env", None) is not None:
                execution.stop(stop_date=now, error=STOP_REASON, cause="the stack was reset")
