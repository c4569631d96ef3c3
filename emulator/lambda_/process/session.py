"""A function's process together with the Runtime API it talks to, driven by whoever waits for it.

There is no thread of its own: the caller that waits for an answer serves the process's requests, collects its output
and watches its memory meanwhile. Between two events nobody reads, as AWS freezes an environment between two events.
"""

import contextlib
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from wavetank.emulator.lambda_.process import peers, runtime_api, usage
from wavetank.emulator.lambda_.process.child import Child
from wavetank.emulator.lambda_.process.launch import Launch
from wavetank.emulator.lambda_.process.runtime_api import (
    Answered,
    Event,
    InitFailed,
    Message,
    NextAsked,
    ProtocolError,
    TooLarge,
    Unknown,
)

HOST = "127.0.0.1"
TICK_S = 0.02
"""How often a running function is looked at: whether it ended, or has to be."""

GROWTH = 2 << 30
"""Bytes a second by which memory and ephemeral storage may grow. They are looked at again before they can be used up at
this rate: a look at all threads of a process costs more than all else that is looked at."""

LONGEST_S = 0.25
"""How long they are not looked at, however much is left."""

MOST_OF_THE_TIME = 0.05
"""The part of the time that may be spent on looking at them: processes that share memory take long to look at."""

MOST_CONNECTIONS = 64
"""Connections of a runtime at a time; AWS's clients have one."""

SEND_S = 10.0
"""How long the runtime may take to read an event, up to 6 MB."""

READ_BYTES = 1 << 18


@dataclass(frozen=True)
class Exited:
    """The process ended, with this status (negative: the signal), before it said what was waited for."""

    status: int


@dataclass(frozen=True)
class NotExecuted:
    """The program could not be executed, for the system's error of this number."""

    program: str
    number: int


@dataclass(frozen=True)
class OutOfMemory:
    """The function used more memory than it has."""


@dataclass(frozen=True)
class OutOfStorage:
    """The function used more ephemeral storage than it has; both in bytes."""

    used: int
    limit: int


@dataclass(frozen=True)
class DeadlinePassed:
    """The function took longer than it may."""


@dataclass(frozen=True)
class Ready:
    """The runtime waits for an event."""


Ended = Exited | NotExecuted | OutOfMemory | OutOfStorage | DeadlinePassed


class Session:
    """A start of a function's runtime, until its process ends."""

    def __init__(self, launch: Launch, memory_limit: int, scratch: Path) -> None:
        """Start the process, whose memory may not exceed `memory_limit` bytes, nor `scratch` what the launch says.

        Raises OSError where it cannot start.
        """
        self._listener = socket.create_server((HOST, 0))
        self._listener.setblocking(False)
        port = self._listener.getsockname()[1]
        variables = {**launch.variables, "AWS_LAMBDA_RUNTIME_API": f"{HOST}:{port}"}
        try:
            self.child = Child(replace(launch, variables=variables))
        except BaseException:
            self._listener.close()
            raise
        name = launch.program.name
        self._memory_limit, self._storage_limit, self._scratch = memory_limit, launch.storage_bytes, scratch
        self._program = f"/var/task/{name}" if launch.program.parent == launch.folder else f"/opt/{name}"
        self._next_look = 0.0
        self._next_measure = 0.0
        self._expired = False
        self._connections = 0
        self._current = ""
        self._answer: Answered | TooLarge | None = None
        self._init_failed: InitFailed | None = None
        self._waiting: socket.socket | None = None
        self._is_last = False
        self._status: int | None = None
        self._output = bytearray()
        self.peak_bytes = 0
        self._selector = selectors.DefaultSelector()
        self._watch(self._listener, self._accept)
        self._watch(self.child.output, self._collect)
        self._watch(self.child.exit_notice, self._look_at_once)

    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._status is None and not self.child.has_exited()

    def wait_until_ready(self, deadline: float) -> Ready | InitFailed | Ended:
        """Serve the runtime until it asks for an event or fails; `deadline` is on `time.monotonic`."""
        return self._wait_for(lambda: Ready() if self._waiting is not None else self._init_failed, deadline)

    def deliver(self, event: Event, deadline: float) -> Answered | TooLarge | Ended:
        """Give a ready runtime an event, and serve it until it has answered or the process has ended."""
        connection, self._waiting = self._waiting, None
        if connection is None:
            raise RuntimeError("the runtime has not asked for an event")
        self._current = event.request_id
        with contextlib.suppress(OSError):
            connection.sendall(runtime_api.next_event(event))
        if self._is_last:
            self._hang_up(connection)
        outcome: Answered | TooLarge | Ended = self._wait_for(lambda: self._answer, deadline)
        self._answer, self._current = None, ""
        return outcome

    def expire(self) -> None:
        """Take the deadline for passed, at the next look; from any thread."""
        self._expired = True

    def wait_for_exit(self, deadline: float) -> None:
        """Wait until the process exits by itself; it is ended at the deadline."""
        self._wait_for(lambda: None, deadline)

    def take_output(self) -> bytes:
        """The output of the function since the last time."""
        if self._status is None:
            self._collect()
        output = bytes(self._output)
        self._output.clear()
        return output

    def measure(self) -> int:
        """The most memory that was ever used, in bytes."""
        if self._status is None:
            self.peak_bytes = max(self.peak_bytes, usage.peak_bytes(self.child.pid))
        return self.peak_bytes

    def close(self) -> int:
        """Kill what is left, keep the last output, give every resource back; the process's exit status."""
        if self._status is None:
            self.measure()
            self.child.kill()
            self._collect()
            for key in list(self._selector.get_map().values()):
                if isinstance(key.fileobj, socket.socket) and key.fileobj is not self.child.exit_notice:
                    key.fileobj.close()
            self._selector.close()
            self._status = self.child.end()
        return self._status

    def _wait_for[T](self, heard: Callable[[], T | None], deadline: float) -> T | Ended:
        while True:
            if (outcome := heard()) is not None:
                self._collect()
                return self._overused(time.monotonic()) or outcome
            if (end := self._look(heard, deadline)) is not None:
                return end
            wait = min(TICK_S, max(0.0, deadline - time.monotonic()))
            for key, _ in self._selector.select(wait):
                key.data()

    def _look[T](self, heard: Callable[[], T | None], deadline: float) -> T | Ended | None:
        """See whether the function ended or has to be ended; looks no more often than it has to."""
        now = time.monotonic()
        if now < self._next_look and now < deadline:
            return None
        self._next_look = now + TICK_S
        if self.child.has_exited():
            # What the process said just before it ended is taken first.
            exit_notice = self.child.exit_notice
            while ready := [key for key, _ in self._selector.select(0) if key.fileobj is not exit_notice]:
                for key in ready:
                    key.data()
            if (outcome := heard()) is not None:
                return outcome
            status, failure = self.close(), self.child.failure
            return Exited(status) if failure is None else NotExecuted(self._program, failure)
        if (overused := self._overused(now)) is not None:
            return overused
        if now >= deadline or self._expired:
            self.close()
            return DeadlinePassed()
        return None

    def _overused(self, now: float) -> OutOfMemory | OutOfStorage | None:
        """The thing that the function uses too much of, as far as it is time to know; then its process is ended."""
        if now < self._next_measure or self._status is not None:
            return None
        spent = time.thread_time()
        used = usage.used(self.child.keeper, self.child.pid, self._scratch)
        self.peak_bytes = max(self.peak_bytes, used.memory)
        room = min(self._memory_limit - used.memory, self._storage_limit - used.storage)
        cost = time.thread_time() - spent
        self._next_measure = now + max(TICK_S, min(LONGEST_S, room / GROWTH), cost / MOST_OF_THE_TIME)
        if room >= 0:
            return None
        self.close()
        if used.memory > self._memory_limit:
            return OutOfMemory()
        return OutOfStorage(used.storage, self._storage_limit)

    def _look_at_once(self) -> None:
        self._next_look = 0.0

    def _watch(self, source: socket.socket | int, act: Callable[[], None]) -> None:
        self._selector.register(source, selectors.EVENT_READ, act)

    def _collect(self) -> None:
        """Read the output; at its end stop listening to it."""
        was_open = self.child.output_open
        self._output += self.child.read_output()
        if was_open and not self.child.output_open:
            self._selector.unregister(self.child.output)

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            connection, _ = self._listener.accept()
            connection.settimeout(SEND_S)
            self._connections += 1
            if self._connections > MOST_CONNECTIONS or not peers.is_own(connection, self.child.keeper):
                # Others than the function are told once that they are not served.
                self._connections -= 1
                connection.setblocking(False)
                with contextlib.suppress(OSError), connection:
                    with contextlib.suppress(BlockingIOError):
                        connection.recv(READ_BYTES)  # What is not read when it is closed would take the answer with it.
                    message = "This serves the function's own runtime only."
                    connection.sendall(runtime_api.refused(403, "AccessDenied", message))
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reader = runtime_api.RequestReader()
            self._watch(connection, lambda: self._serve(connection, reader))

    def _serve(self, connection: socket.socket, reader: runtime_api.RequestReader) -> None:
        try:
            data = connection.recv(READ_BYTES)
            requests = reader.feed(data)
            if reader.wants_continue():
                connection.sendall(runtime_api.CONTINUE)
            for request in requests:
                self._react(connection, runtime_api.understand(request))
                if request.is_last and self._waiting is not connection:
                    data = b""
                self._is_last = request.is_last
        except (OSError, ProtocolError, ValueError):
            data = b""
        if not data:
            self._hang_up(connection)

    def _react(self, connection: socket.socket, message: Message) -> None:
        match message:
            case NextAsked():
                self._waiting = connection
            case Unknown(path):
                connection.sendall(runtime_api.refused(404, "NotFound", f"There is no {path} here."))
            case InitFailed():
                self._init_failed = message
                connection.sendall(runtime_api.accepted())
            case _ if message.request_id != self._current:
                connection.sendall(runtime_api.refused(400, "InvalidRequestID", "Invalid request ID"))
            case Answered():
                self._answer = message
                connection.sendall(runtime_api.accepted())
            case TooLarge():
                self._answer = message
                reason = f"Exceeded maximum allowed payload size ({runtime_api.MAX_RESPONSE} bytes)."
                connection.sendall(runtime_api.refused(413, "RequestEntityTooLarge", reason))

    def _hang_up(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        connection.close()
        self._connections -= 1
        if self._waiting is connection:
            self._waiting = None
