"""A database server that is a process: on a free port of loopback, unprivileged, and gone with whoever started it."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from wavetank.emulator.errors import StackError
from wavetank.scenarios.site.database.server import DATABASE, READER, DatabaseServer, Session

HOST = "127.0.0.1"
STARTS_WITHIN_S = 60.0
"""A server answers after a third of a second, on a machine that has nothing else to do."""
ENDS_WITHIN_S = 20.0
LOOK_S = 0.02

KEEPER = """\
signal=$1 folder=$2
shift 2
"$@" </dev/null &
server=$!
trap '' TERM INT HUP
read -r over
kill -"$signal" "$server" 2>/dev/null
wait "$server" 2>/dev/null
[ "$over" = stop ] || rm -rf "$folder"
"""
"""Ends the server when its standard input ends, as it does when whoever started it is gone; then removes the folder.

The word `stop` ends the server alone. Killing the keeper ends nothing: it has the server of its own group.
"""


class NoServerError(StackError):
    """A database that cannot be started here; the message says why."""


def user_of(account: str) -> dict[str, Any]:
    """The options of a process that is not to run as root: as what user it does; none where nobody is root."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(account)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def own_folder(engine: str, account: str) -> Path:
    """A temporary folder that belongs to who the server runs as, and that nobody else can read."""
    folder = Path(tempfile.mkdtemp(prefix=f"wavetank-{engine}-"))
    if os.geteuid() == 0:
        entry = pwd.getpwnam(account)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    return folder


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def has_account(account: str) -> bool:
    """Whether there is somebody that root can run a server as; nobody else needs one."""
    if os.geteuid() != 0:
        return True
    try:
        pwd.getpwnam(account)
    except KeyError:
        return False
    return True


def run_to_end(command: Sequence[str], account: str, folder: Path) -> None:
    """Run a program of a server's that ends by itself. Raises NoServerError with what it said."""
    done = subprocess.run(  # noqa: S603 - programs of the server's own package
        command, cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, **user_of(account)
    )
    if done.returncode:
        lines = (done.stdout + done.stderr).splitlines()
        said = [line for line in lines if "ERROR" in line or "error" in line] or lines[-1:]
        raise NoServerError(f"{Path(command[0]).name} failed: {' / '.join(said)}")


class ServerProcess:
    """A server's process, kept by another one that ends it with its owner; `ends_by` is the signal for at once."""

    def __init__(self, command: Sequence[str], account: str, folder: Path, ends_by: signal.Signals) -> None:
        self._command, self._account, self._folder, self._ends_by = command, account, folder, ends_by
        self._keeper: subprocess.Popen[str] | None = None
        self.log = folder / "log"

    @property
    def runs(self) -> bool:
        """Whether it was started and not ended."""
        return self._keeper is not None

    def start(self, answers: Callable[[], Any]) -> None:
        """Start it, and return when `answers` does not raise. Raises NoServerError with the end of its log."""
        arguments = ["keeper", self._ends_by.name.removeprefix("SIG"), str(self._folder)]
        with self.log.open("a") as log:
            self._keeper = subprocess.Popen(  # noqa: S603 - a shell that runs a program of the server's own package
                ["/bin/sh", "-c", KEEPER, *arguments, *self._command],
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                text=True,
                start_new_session=True,
                **user_of(self._account),
            )
        deadline = time.monotonic() + STARTS_WITHIN_S
        while True:
            try:
                answers()
                return
            except Exception as error:
                if time.monotonic() > deadline:
                    self.end()
                    last = self.log.read_text(errors="replace").splitlines()[-3:]
                    raise NoServerError(f"{self._command[0]} does not answer: {error}; {' / '.join(last)}") from error
            time.sleep(LOOK_S)

    def end(self, word: str = "stop") -> None:
        """End it at once, and return when it has; its folder stays."""
        keeper, self._keeper = self._keeper, None
        if keeper is None or keeper.stdin is None:
            return
        with suppress(OSError):
            keeper.stdin.write(f"{word}\n")
            keeper.stdin.close()
        try:
            keeper.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(keeper.pid, signal.SIGKILL)
            keeper.wait()

    def remove(self) -> None:
        """End it, and remove its folder."""
        self.end()
        shutil.rmtree(self._folder, ignore_errors=True)


class ProcessServer(DatabaseServer):
    """A database that is a process of its own: its socket is in a private folder, its reader comes over the network.

    Its constructor sets `_process`, starts it, and makes the reader's account; `close` is for one that fails as well.
    """

    account: ClassVar[str]
    """Whom it runs as where it is started by root."""
    waiting_query: ClassVar[str]
    """The number of sessions that wait for a lock of a table."""
    _process: ServerProcess

    def __init__(self) -> None:
        self._folder = own_folder(self.engine, self.account)
        self._port, self._password = free_port(), secrets.token_hex(16)

    @abstractmethod
    def _connect(self, database: str = DATABASE) -> Any:
        """A connection of the administrator's, through the socket."""

    def _answers(self, database: str = DATABASE) -> None:
        """Connect and go; raises whatever the driver does while the server is not there."""
        self._connect(database).close()

    def secret(self) -> dict[str, Any]:
        login = {"username": READER, "password": self._password, "dbname": DATABASE}
        return {"engine": str(self.engine), "host": HOST, "port": self._port, **login}

    def session(self) -> Session:
        return Session(self._connect())

    def stop(self) -> None:
        self._process.end()

    def start(self) -> None:
        if not self._process.runs:
            self._process.start(self._answers)

    def close(self) -> None:
        self._process.remove()

    def waiting(self) -> int:
        return int(self.rows(self.waiting_query)[0][0])
