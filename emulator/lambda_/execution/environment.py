"""An execution environment: the life of one function's process, from its initialization to its end.

Phases and their failures follow
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html. Where AWS resets an environment after
a failure and lets the next event initialize the runtime anew, this starts a new process with an empty `/tmp`.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wavetank.emulator.faults.points import Point
from wavetank.emulator.lambda_.execution.failures import RESPONSE_TOO_LARGE, ErrorType, InvocationFailure, failure_of
from wavetank.emulator.lambda_.execution.function import Function, InvalidEntrypoint, process_variables
from wavetank.emulator.lambda_.execution.invocation_fault import INIT_FAILURE, InvocationFault, Kind
from wavetank.emulator.lambda_.execution.logs import (
    Faulted,
    Happening,
    InitEndedBadly,
    InitStarted,
    Phase,
    Report,
    Started,
    Status,
    lines,
)
from wavetank.emulator.lambda_.packages.folders import remove_tree
from wavetank.emulator.lambda_.packages.interpreters import Interpreter
from wavetank.emulator.lambda_.process.launch import Launch
from wavetank.emulator.lambda_.process.runtime_api import Answered, Event, TooLarge
from wavetank.emulator.lambda_.process.session import Ready, Session
from wavetank.emulator.lambda_.process.usage import MB
from wavetank.emulator.runtime.inflight import IN_FLIGHT

INIT_LIMIT_S = 10.0
"""How long an initialization may take before the first event; AWS's limit."""

LAST_WORDS_S = 1.0
"""How long a runtime whose answer was refused may take to say so and exit."""

LOOK_S = 0.05
"""How often a stop that waits for an invocation asks whether it still may."""


class Stopped(Exception):
    """The environment was stopped and takes no more events."""


@dataclass(frozen=True)
class Call:
    """An event for the function, without its deadline."""

    request_id: str
    function_arn: str
    payload: bytes
    trace_id: str = ""
    client_context: str = ""


@dataclass(frozen=True)
class Result:
    """The result of an invocation: the answer, whether it is an error, all that was logged, and how long it took."""

    payload: bytes
    is_error: bool
    logs: str
    duration_ms: float


@dataclass(frozen=True)
class ProcessInputs:
    """Inputs of an environment's process besides the function: variables (see `process_variables`) and the folder, of
    this environment alone, that stands for `/tmp`."""

    given: Mapping[str, str]
    own: Mapping[str, str]
    scratch: Path

    def launch(self, function: Function) -> Launch:
        """The process to start for a function. Raises `InvalidEntrypoint`."""
        return Launch(
            program=function.program(),
            runtime_folder=function.runtime_folder,
            opt=function.opt or self.scratch / "opt",
            handler=function.handler,
            variables=process_variables(function, self.given, self.own, self.scratch),
            folder=function.task_root,
            storage_bytes=function.storage_mb * MB,
            is_python=isinstance(function.runtime, Interpreter),
        )


class Environment:
    """A function in one process at a time; thread-safe, one invocation at a time."""

    def __init__(self, function: Function, inputs: ProcessInputs, init_limit_s: float = INIT_LIMIT_S) -> None:
        """`init_limit_s`: how long the first initialization may take."""
        self._function = function
        self._inputs = inputs
        self._init_limit_s = init_limit_s
        self._busy = threading.Lock()
        self._stopping = self._halted = False
        self._session: Session | None = None
        self._init_ms: float | None = None
        self._peak_bytes = 0
        self._log: list[str] = []

    def start(self) -> InvocationFailure | None:
        """Initialize the runtime; a failure is logged, returned, and tried again with the next event."""
        with self._busy:
            outcome = self._initialize(Phase.INIT, time.monotonic() + self._init_limit_s)
        return outcome if isinstance(outcome, InvocationFailure) else None

    def invoke(self, call: Call, fault: InvocationFault | None = None) -> Result:
        """Run the handler on one event, with the fault that strikes it. Raises `Stopped` where that is forbidden.

        An event that was assigned to this environment just before an orderly stop still runs.
        """
        with self._busy:
            if self._halted:
                raise Stopped(f"The environment of {self._function.name} was stopped.")
            try:
                return self._invoke(call) if fault is None else self._invoke_with_fault(call, fault)
            finally:
                if self._stopping:
                    self._end_session()

    def stop(self, may_wait: Callable[[], bool] = lambda: False) -> None:
        """End the environment; a running invocation is let finish for as long as `may_wait()` says so."""
        self._stopping = True
        self._halted = not may_wait()
        self._kill_if_halted()
        while not self._busy.acquire(timeout=LOOK_S):
            self._halted = not may_wait()
            self._kill_if_halted()
        try:
            self._end_session()
        finally:
            self._busy.release()

    def kill(self) -> None:
        """Kill the process that runs now, as a crash would; from any thread."""
        session = self._session
        if session is not None:
            session.child.kill()

    def time_out(self) -> None:
        """Let the time of the invocation that runs now be over; from any thread."""
        session = self._session
        if session is not None:
            session.expire()

    def process_id(self) -> int | None:
        """The process that runs now, if one does."""
        session = self._session
        return session.child.pid if session is not None and session.is_alive() else None

    def _invoke(self, call: Call, held_back_s: float = 0.0) -> Result:
        """Run the handler; the time that a fault held it back before counts as its own."""
        began = time.monotonic()
        deadline = began + self._function.timeout_s
        # The runtime of the last time, where it waits for an event; one that died meanwhile is cleared away.
        last = self._session
        if last is not None and not (isinstance(last.wait_until_ready(deadline), Ready) and last.is_alive()):
            self._end_session()
            last = None
        session = last or self._initialize(Phase.INVOKE, deadline)
        self._note(Started(time.time(), call.request_id))
        if isinstance(session, InvocationFailure):
            return self._failed(call, began, session)
        deadline_ms = int((time.time() + deadline - time.monotonic()) * 1000)
        event = Event(
            request_id=call.request_id,
            function_arn=call.function_arn,
            payload=call.payload,
            deadline_ms=deadline_ms,
            trace_id=call.trace_id,
            client_context=call.client_context,
        )
        outcome = session.deliver(event, deadline)
        if isinstance(outcome, Answered):
            self._keep_output(session)
            self._peak_bytes = session.measure()
            return self._finish(call, began - held_back_s, outcome.payload, is_error=outcome.failed)
        if isinstance(outcome, TooLarge):
            session.wait_for_exit(time.monotonic() + LAST_WORDS_S)
            failure = RESPONSE_TOO_LARGE
        else:
            failure = failure_of(outcome, self._function.timeout_s)
        self._end_session()
        return self._failed(call, began, failure)

    def _invoke_with_fault(self, call: Call, fault: InvocationFault) -> Result:
        """Run an invocation that a fault spoils; a crash is seen to by whoever counts the calls."""
        began = time.monotonic()
        match fault.kind:
            case Kind.COLD_START:
                self._end_session()
                self._initialize(Phase.INIT, began + self._init_limit_s)
            case Kind.INIT_ERROR:
                self._end_session()
                self._note_bad_init(Phase.INVOKE, 0.0, INIT_FAILURE)
                self._note(Started(time.time(), call.request_id))
                return self._failed(call, began, INIT_FAILURE)
            case Kind.ERROR_BEFORE:
                self._note(Started(time.time(), call.request_id))
                return self._raised(call, began, fault)
            case Kind.SLOW:
                delay_s = min(fault.delay_s, self._function.timeout_s)
                what = f"{self._function.name} (held back {delay_s:g} s by a fault)"
                IN_FLIGHT.pause(Point.LAMBDA_INVOKE, self._function.name, what, delay_s, by_fault=True)
                if (failure := fault.failure(self._function.timeout_s)) is not None:
                    self._end_session()
                    self._note(Started(time.time(), call.request_id))
                    return self._failed(call, time.monotonic() - delay_s, failure)
                return self._invoke(call, delay_s)
        return self._invoke_and_spoil(call, fault)

    def _invoke_and_spoil(self, call: Call, fault: InvocationFault) -> Result:
        """Run the handler, and tell what the fault makes of its answer."""
        began = time.monotonic()
        result = self._invoke(call)
        if result.is_error:
            return result
        failure = fault.failure(self._function.timeout_s)
        if failure is None and fault.kind is not Kind.ERROR_AFTER:
            return result
        # The log up to where Lambda tells of the end of the invocation, in either format.
        end = result.logs.rfind(f"END RequestId: {call.request_id}")
        self._log = [result.logs[: end if end >= 0 else result.logs.rstrip("\n").rfind("\n") + 1]]
        if failure is None:
            return self._raised(call, began, fault)
        self._end_session()
        if failure.status is Status.TIMEOUT:
            began -= self._function.timeout_s
        return self._failed(call, began, failure)

    def _raised(self, call: Call, began: float, fault: InvocationFault) -> Result:
        self._log.append(fault.log())
        return self._finish(call, began, fault.exception(call.request_id), is_error=True)

    def _initialize(self, phase: Phase, deadline: float) -> Session | InvocationFailure:
        """Start a process and wait until it is ready; one that fails is ended."""
        began, self._init_ms = time.monotonic(), None
        if phase is Phase.INIT:
            self._note(InitStarted(time.time()))
        self._inputs.scratch.mkdir(parents=True, exist_ok=True)
        try:
            launch = self._inputs.launch(self._function)
        except InvalidEntrypoint as error:
            failure = InvocationFailure(ErrorType.ENTRYPOINT, str(error))
        else:
            session = self._session = Session(launch, self._function.memory_mb * MB, self._inputs.scratch)
            self._kill_if_halted()
            outcome = session.wait_until_ready(deadline)
            if isinstance(outcome, Ready):
                self._keep_output(session)
                self._init_ms = (time.monotonic() - began) * 1000 if phase is Phase.INIT else None
                return session
            failure = failure_of(outcome, self._function.timeout_s)
        took_ms = (time.monotonic() - began) * 1000
        self._end_session()
        self._note_bad_init(phase, took_ms, failure)
        return failure

    def _failed(self, call: Call, began: float, failure: InvocationFailure) -> Result:
        """The result of an invocation whose process ended without an answer."""
        if failure.message:
            self._note(Faulted(time.time(), call.request_id, failure.message, failure.error_type))
        return self._finish(call, began, failure.payload(call.request_id), is_error=True, failure=failure)

    def _finish(
        self, call: Call, began: float, payload: bytes, *, is_error: bool, failure: InvocationFailure | None = None
    ) -> Result:
        """Write the report and hand over the log."""
        report = Report(
            at=time.time(),
            request_id=call.request_id,
            duration_ms=(time.monotonic() - began) * 1000,
            peak_mb=min(-(-self._peak_bytes // MB), self._function.memory_mb),
            init_ms=self._init_ms,
            status=failure.status if failure else Status.SUCCESS,
            error_type=failure.reported_type if failure else "",
        )
        self._init_ms = None
        self._note(report)
        log, self._log = "".join(self._log), []
        return Result(payload, is_error, log, report.duration_ms)

    def _kill_if_halted(self) -> None:
        session = self._session
        if session is not None and self._halted:
            session.child.kill()

    def _note(self, happening: Happening) -> None:
        self._log.append(lines(self._function, happening))

    def _note_bad_init(self, phase: Phase, took_ms: float, failure: InvocationFailure) -> None:
        status, error_type = failure.status, failure.reported_type
        self._note(InitEndedBadly(at=time.time(), took_ms=took_ms, phase=phase, status=status, error_type=error_type))

    def _keep_output(self, session: Session) -> None:
        """Move what the function wrote into the log; a line that is not finished is finished."""
        output = session.take_output().decode("utf-8", "replace")
        if output:
            self._log.append(output if output.endswith("\n") else output + "\n")

    def _end_session(self) -> None:
        """End the process, if there is one, and all that belongs to it."""
        session, self._session = self._session, None
        if session is not None:
            session.close()
            self._peak_bytes = session.measure()
            self._keep_output(session)
        remove_tree(self._inputs.scratch)
