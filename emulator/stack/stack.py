"""A stack: AWS on this machine, with faults and `settle`. One interface, whatever it runs in.

with EmbeddedStack.up() as stack:
    stack.client("s3").create_bucket(Bucket="mine")
    stack.settle()
"""

import atexit
import time
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum
from types import TracebackType
from typing import Any, Protocol, Self

from wavetank.emulator.errors import DamagedRecord
from wavetank.emulator.stack.clients import ACCOUNT, REGION, Clients
from wavetank.emulator.stack.control import Control
from wavetank.emulator.stack.environment import LogLevel
from wavetank.emulator.stack.fault_blocks import FaultBlocks
from wavetank.emulator.stack.home import Home, StackFolder
from wavetank.emulator.stack.pidfile import StackRecord
from wavetank.emulator.stack.process import Leash, end
from wavetank.emulator.stack.start import START_TIMEOUT_S, StartUp, discard

DEFAULT_PORT = 4566
"""Where a stack is looked for when nobody says anything else; LocalStack's port, which many tools know."""


class Kind(StrEnum):
    """The kind of a stack: a process of ours, a container of ours, or whatever is at a URL."""

    EMBEDDED = "embedded"
    DOCKER = "docker"
    EXTERNAL = "external"


class Stack(Protocol):
    """The interface of a stack to commands, drills and tests."""

    @property
    def kind(self) -> Kind:
        """The kind of the stack."""

    @property
    def endpoint_url(self) -> str:
        """Where every AWS service answers."""

    @property
    def region(self) -> str:
        """The AWS region."""

    @property
    def account(self) -> str:
        """The AWS account id, twelve digits."""

    @property
    def control(self) -> Control:
        """Faults, activity, clock."""

    @property
    def faults(self) -> FaultBlocks:
        """Faults as blocks: `with stack.faults.drop("s3.notification", nth=3): …`."""

    def client(self, service: str, *, long: bool = False, answer_s: float | None = None) -> Any:
        """The boto3 client of a service; made once, safe to share between threads.

        `long`: for calls that run a function to its end; one attempt, and a time-out beyond a function's own.
        `answer_s`: for calls that are made once and given up after so long.
        """

    def settle(self, timeout_s: float = 60.0, *, telemetry: bool = True) -> None:
        """Return once nothing is in flight anywhere. Raises `NotSettled` after `timeout_s` of wall clock.

        Without `telemetry` metrics and log lines of what was done may still be on their way to CloudWatch.
        """

    def at(self, account: str | None, region: str | None) -> "Stack":
        """The same stack in another account and region, each the same where it is None; it is not ended through it."""

    def down(self) -> None:
        """Stop it, if it is ours to stop; doing it again does nothing."""


class ExternalStack:
    """Anything that speaks AWS at a URL; it was started by somebody else and is left running."""

    kind = Kind.EXTERNAL

    def __init__(
        self, endpoint_url: str, region: str = REGION, application: str | None = None, account: str | None = None
    ) -> None:
        self.endpoint_url = endpoint_url.rstrip("/")
        self.region = region
        self.control = Control(self.endpoint_url)
        self.faults = FaultBlocks(self.control)
        self._clients = Clients(self.endpoint_url, region, application, account)

    def at(self, account: str | None, region: str | None) -> "ExternalStack":
        """The same stack in another account and region, each the same where it is None; it is not ended through it."""
        return ExternalStack(self.endpoint_url, region or self.region, account=account)

    @property
    def account(self) -> str:
        """The account id, as the endpoint's STS tells it."""
        return str(self.client("sts").get_caller_identity()["Account"])

    def client(self, service: str, *, long: bool = False, answer_s: float | None = None) -> Any:
        """The boto3 client of a service; made once, safe to share between threads."""
        return self._clients.get(service, long=long, answer_s=answer_s)

    def settle(self, timeout_s: float = 60.0, *, telemetry: bool = True) -> None:
        """Return once nothing is in flight anywhere. Raises `NotSettled`, or `Unreachable`."""
        self.control.settle(timeout_s, telemetry=telemetry)

    def down(self) -> None:
        """Close the connections; the stack itself is not ours to stop."""
        self._clients.close()


class OwnStack(ExternalStack):
    """A stack that was started here, in a process or a container; as a context manager it ends with the block."""

    @property
    def account(self) -> str:
        """The AWS account id, twelve digits."""
        return ACCOUNT

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()


class EmbeddedStack(OwnStack):
    """LocalStack with wavetank's plugins, in a process of its own, on the loopback interface only."""

    kind = Kind.EMBEDDED

    def __init__(self, home: Home, record: StackRecord, leash: Leash | None = None) -> None:
        super().__init__(record.endpoint_url)
        self.home = home
        self.record = record
        self._leash = leash
        if leash is not None:
            atexit.register(self.down)

    @classmethod
    def up(
        cls,
        port: int = 0,
        *,
        owned: bool = True,
        home: Home | None = None,
        log_level: LogLevel = LogLevel.INFO,
        timeout_s: float = START_TIMEOUT_S,
        faults: bool = True,
    ) -> Self:
        """Start a stack on `port` (0: a free one) and return once it answers and has proven its plugins.

        Without `faults` AWS calls are not looked at, which shows what looking at them costs.
        An owned stack ends with this process, however this process ends; others live until taken down.
        Raises `PortTaken`, or `StartFailed` with the last lines of the log; nothing is left running then.
        """
        home = home or Home.from_environment()
        record, leash = StartUp(home, log_level, timeout_s, faults).run(port)
        stack = cls(home, record, leash)
        if not owned:
            stack.release()
        return stack

    @classmethod
    def on(cls, port: int, home: Home | None = None) -> Self | None:
        """The stack that runs on `port`, whoever started it; None when none of ours does. Raises `DamagedRecord`."""
        home = home or Home.from_environment()
        record = StackRecord.read(home.stack(port).record, port)
        return cls(home, record) if record is not None and record.process() is not None else None

    @classmethod
    def running(cls, home: Home | None = None) -> list[Self]:
        """Every stack of `home` that runs, by port, but those whose records are damaged: see `damaged`."""
        home = home or Home.from_environment()
        stacks = []
        for port in home.ports():
            with suppress(DamagedRecord):
                stacks.append(cls.on(port, home))
        return [stack for stack in stacks if stack is not None]

    @classmethod
    def damaged(cls, home: Home | None = None) -> list[DamagedRecord]:
        """The records in `home` that do not say which process a stack is, by port."""
        home = home or Home.from_environment()
        errors = []
        for port in home.ports():
            try:
                cls.on(port, home)
            except DamagedRecord as error:
                errors.append(error)
        return errors

    @property
    def port(self) -> int:
        """The port of every service, on 127.0.0.1."""
        return self.record.port

    @property
    def pid(self) -> int:
        """The stack's process, which is also its process group."""
        return self.record.pid

    @property
    def project(self) -> str:
        """The folder of the project for which it was started; empty for none."""
        return self.record.project

    @property
    def uptime_s(self) -> float:
        """Seconds since its process started."""
        process = self.record.process()
        return time.time() - process.create_time() if process is not None else 0.0

    @property
    def folder(self) -> StackFolder:
        """Its state and log."""
        return self.home.stack(self.port)

    @property
    def is_private(self) -> bool:
        """Whether it ends with the process that started it, for whose use alone it is."""
        return self.record.owner is not None

    def release(self) -> None:
        """Let it live on when this process ends, for everybody's use."""
        if self._leash is not None:
            self.record = replace(self.record, owner=None)
            self.record.write(self.folder.record)
            self._leash.release()
            self._leash = None
            atexit.unregister(self.down)

    def down(self, *, keep_log: bool = False) -> None:
        """Stop it and whatever it started, within 2 s, and remove its state; again does nothing."""
        process = self.record.process()
        if process is not None:
            end(process)
        if self._leash is not None:
            self._leash.close()
            self._leash = None
            atexit.unregister(self.down)
        super().down()
        discard(self.home, self.port, keep_log=keep_log)
