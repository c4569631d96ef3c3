"""The end of environments that have been idle for too long, in emulator time, from one thread.

LocalStack starts a timer, which is a thread, after every invocation, and measures by the wall clock. It is apart from
`.assignment`: the patch of LocalStack's environments needs it before LocalStack's assignment is imported.
"""

import contextlib
import threading

from localstack import config
from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment, InvalidStatusException

from wavetank.emulator.runtime.clock import CLOCK, Alarm

IDLE_S = config.LAMBDA_KEEPALIVE_MS / 1000
"""Seconds without an event after which an environment ends: see `KEEP_ALIVE_S` of `emulator.stack.environment`."""


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
