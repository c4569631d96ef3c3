"""Bringing a stack up: a port, a folder, a process, and the proof that it is the stack that was asked for."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from wavetank.emulator.errors import (
    ControlRefused,
    DamagedRecord,
    DiskFull,
    NotOurPlugins,
    NotWavetank,
    PortTaken,
    StackError,
    StartFailed,
    Unreachable,
)
from wavetank.emulator.runtime.system_limits import has_room
from wavetank.emulator.stack.control import Control
from wavetank.emulator.stack.environment import LogLevel, plugin_index, settings_of
from wavetank.emulator.stack.home import Home, StackFolder, project_if_any
from wavetank.emulator.stack.pidfile import StackRecord
from wavetank.emulator.stack.process import Leash, end, listen, spawn

START_TIMEOUT_S = 60.0
TAIL_LINES = 20

REMEDY = (
    "The whole log is in {log}. The index of plugins is made anew at the next start; is the installation complete? "
    "`pip install --force-reinstall 'wavetank[stack]'` repairs it (in wavetank's own checkout, `make setup`)."
)


@dataclass(frozen=True)
class StartUp:
    """How stacks of one home are started."""

    home: Home
    log_level: LogLevel
    timeout_s: float
    faults: bool = True

    def run(self, port: int) -> tuple[StackRecord, Leash]:
        """Start a stack on `port` (0: a free one), tied to this process, and wait until it is ready.

        Raises `PortTaken`, `StartFailed`, `UnusableFile` where the home cannot be written, `DiskFull`, or `CallerError`
        for a setting that makes no sense. On these, and on Ctrl-C, nothing is left running; the log stays.
        """
        settings_of(os.environ)
        with self.home.explained(), listen(port) as bound:
            port = bound.getsockname()[1]
            folder = _fresh(self.home, port)
            process, leash = spawn(bound, folder, self.home.cache, self.log_level, faults=self.faults)
        try:
            record = StackRecord.of(port, process.pid, os.getpid(), str(project_if_any() or ""))
            with self.home.explained():
                record.write(folder.record)
            self._await(process, Control(record.endpoint_url), folder)
        except BaseException as error:
            has_no_room = isinstance(error, StartFailed) and not has_room(folder.path)
            if isinstance(error, StartFailed):
                shutil.rmtree(plugin_index(self.home.cache), ignore_errors=True)
            with contextlib.suppress(psutil.NoSuchProcess):
                end(psutil.Process(process.pid))
            leash.close()
            process.wait()
            discard(self.home, port, keep_log=True)
            if has_no_room:
                raise DiskFull(self.home.path) from error
            raise
        return record, leash

    def _await(self, process: subprocess.Popen[bytes], control: Control, folder: StackFolder) -> None:
        """Ask for the status until it comes. The socket listens already: the question waits in its queue."""
        deadline = time.monotonic() + self.timeout_s
        while True:
            try:
                return prove(control.status(timeout_s=max(deadline - time.monotonic(), 0.1)), folder)
            except (ControlRefused, NotWavetank) as error:
                raise _not_ours(error.message, folder) from error
            except Unreachable as error:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    code = process.wait(timeout=0.2)
                    raise _failed(f"the stack's process ended with code {code} while starting.", folder) from error
                if time.monotonic() > deadline:
                    raise _failed(f"the stack did not answer within {self.timeout_s:g} s.", folder) from error


def prove(status: Mapping[str, Any], folder: StackFolder) -> None:
    """Return when every plugin of ours is the one loaded. Raises `NotOurPlugins` naming those that are not.

    LocalStack falls back to its own (Docker, Node, Java) with a mere warning where a plugin cannot be loaded.
    """
    plugins = status.get("plugins")
    if not isinstance(plugins, Mapping) or not plugins:
        raise _not_ours("its status names no plugins", folder)
    foreign = status.get("foreign", {})
    missing = [f"{name}: {foreign.get(name, 'nothing')}" for name, loaded in plugins.items() if not loaded]
    if missing:
        raise _not_ours(f"in their place, {'; '.join(missing)}", folder)


def discard(home: Home, port: int, *, keep_log: bool = False) -> bool:
    """Remove the state of a stack that no longer runs; True when there was any.

    The port is held meanwhile: whoever holds it owns the folder, so a stack just coming up there is not hurt.
    """
    folder = home.stack(port)
    if not folder.path.is_dir():
        return False
    try:
        bound: socket.socket = listen(port)
    except PortTaken:
        return False
    with bound:
        if keep_log:
            folder.record.unlink(missing_ok=True)
            shutil.rmtree(folder.root, ignore_errors=True)
            shutil.rmtree(folder.tmp, ignore_errors=True)
        else:
            shutil.rmtree(folder.path, ignore_errors=True)
    return True


def discard_stale(home: Home) -> list[StackRecord]:
    """Remove the state of every stack whose process is gone, and return the records of those that had one."""
    stale = []
    for port in home.ports():
        record = _readable(home, port)
        if (record is None or record.process() is None) and discard(home, port) and record is not None:
            stale.append(record)
    return stale


def _readable(home: Home, port: int) -> StackRecord | None:
    """The record of a stack; None where there is none, and where what there is says nothing."""
    try:
        return StackRecord.read(home.stack(port).record, port)
    except DamagedRecord:
        return None


def tail(log: Path, lines: int = TAIL_LINES) -> str:
    """The last lines of a log; empty when there is none."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


def _fresh(home: Home, port: int) -> StackFolder:
    """An empty folder for the stack on `port`; the caller holds the port. What was there is stale."""
    folder, record = home.stack(port), _readable(home, port)
    leftover = record.process() if record is not None else None
    if leftover is not None:
        end(leftover)
    shutil.rmtree(folder.path, ignore_errors=True)
    for path in (folder.root, folder.tmp):
        path.mkdir(parents=True)
    return folder


def _failed(message: str, folder: StackFolder) -> StackError:
    return StartFailed(message, tail(folder.log), REMEDY.format(log=folder.log))


def _not_ours(reason: str, folder: StackFolder) -> StackError:
    message = f"the stack came up without wavetank's plugins ({reason})."
    return NotOurPlugins(message, tail(folder.log), REMEDY.format(log=folder.log))
