"""MariaDB as a process of its own, with an audit of who connects."""

import secrets
import shutil
import signal
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any, ClassVar

from wavetank.scenarios.site.database import connections
from wavetank.scenarios.site.database.connections import Moment
from wavetank.scenarios.site.database.process import (
    HOST,
    ProcessServer,
    ServerProcess,
    has_account,
    run_to_end,
)
from wavetank.scenarios.site.database.server import DATABASE, READER, Engine, Session

ACCOUNT = "mysql"
"""Whom it runs as where it is started by root: Debian's package has it."""
SOCKET, AUDIT, DATA = "socket", "connections", "data"
SERVER, INSTALLER = "mariadbd", "mariadb-install-db"
PATH = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin"
SMALL = (
    "--innodb-buffer-pool-size=16M",
    "--innodb-log-file-size=8M",
    "--innodb-flush-log-at-trx-commit=2",
    "--skip-innodb-use-native-aio",
    "--skip-log-bin",
    "--skip-name-resolve",
)
"""Settings of a server that a few rows are kept in; what is committed outlives the process, not the machine.

Native input and output locks memory, of which all processes of a user share a bound: several servers may not start."""
WAITING = "SELECT count(*) FROM information_schema.processlist WHERE state LIKE 'Waiting for table%lock'"


def obstacle() -> str:
    """Why it cannot be started here; empty where it can."""
    if _program(SERVER) is None or _program(INSTALLER) is None:
        return "MariaDB is not installed (Debian: `apt-get install mariadb-server`)"
    if not has_account(ACCOUNT):
        return f"there is no account {ACCOUNT} to run it as, and it is not run as root"
    return "" if find_spec("pymysql") else "its driver is not installed (`pip install 'wavetank[database]'`)"


def _program(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path=PATH)


class MariaDB(ProcessServer):
    """MariaDB, which resolves no name of a host. Its root has no password, and its socket is in a private folder."""

    engine: ClassVar[Engine] = Engine.MARIADB
    account: ClassVar[str] = ACCOUNT
    waiting_query: ClassVar[str] = WAITING

    def __init__(self) -> None:
        """Raises NoServerError."""
        super().__init__()
        # A server removes what it takes for left over in its folder of temporary tables: each has one of its own.
        places = (f"--datadir={self._folder / DATA}", f"--tmpdir={self._folder}")
        command = (
            str(_program(SERVER)),
            "--no-defaults",
            *places,
            f"--bind-address={HOST}",
            f"--port={self._port}",
            f"--socket={self._folder / SOCKET}",
            f"--pid-file={self._folder / 'pid'}",
            *SMALL,
            "--plugin-load-add=server_audit",
            "--server-audit-logging=ON",
            "--server-audit-events=CONNECT",
            "--server-audit-output-type=file",
            f"--server-audit-file-path={self._folder / AUDIT}",
        )
        self._process = ServerProcess(command, ACCOUNT, self._folder, signal.SIGKILL)
        try:
            quiet = ("--skip-test-db", "--auth-root-authentication-method=normal")
            installing = (str(_program(INSTALLER)), "--no-defaults", *places, *SMALL, *quiet)
            run_to_end(installing, ACCOUNT, self._folder)
            self._process.start(partial(self._answers, ""))
            account = f"{READER}@'{HOST}'"
            with Session(self._connect("")) as session:
                session.execute(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4")
                session.execute(f"CREATE USER {account} IDENTIFIED BY '{self._password}'")
                session.execute(f"GRANT SELECT, SHOW VIEW ON {DATABASE}.* TO {account}")
        except BaseException:
            self.close()
            raise

    def _connect(self, database: str = DATABASE) -> Any:
        import pymysql

        socket = str(self._folder / SOCKET)
        return pymysql.connect(unix_socket=socket, user="root", database=database or None, charset="utf8mb4")

    def lock(self, table: str) -> Session:
        session = self.session()
        session.execute(f"LOCK TABLES {table} WRITE")
        return session

    def rotate(self) -> None:
        self._password = secrets.token_hex(16)
        self.execute(f"ALTER USER {READER}@'{HOST}' IDENTIFIED BY '{self._password}'")

    def moments(self) -> Sequence[Moment]:
        lines = (self._folder / AUDIT).read_text(errors="replace").splitlines()
        return [moment for moment in connections.of_mariadb(lines) if moment.client == HOST]
