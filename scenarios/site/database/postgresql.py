"""PostgreSQL as a process of its own, with a log of who connects."""

import secrets
import shutil
import signal
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from wavetank.scenarios.site.database import connections
from wavetank.scenarios.site.database.connections import LINE_PREFIX, Moment
from wavetank.scenarios.site.database.process import (
    HOST,
    ProcessServer,
    ServerProcess,
    has_account,
    run_to_end,
)
from wavetank.scenarios.site.database.server import DATABASE, READER, Engine, Session

ACCOUNT = "postgres"
"""Whom it runs as where it is started by root, as which it refuses to run; and its administrator within."""
DATA = "data"
SERVER, INSTALLER = "postgres", "initdb"
DEBIAN = Path("/usr/lib/postgresql")
ACCESS = f"local all {ACCOUNT} trust\nhost {DATABASE} {READER} {HOST}/32 scram-sha-256\n"
"""Who may connect: over the network the reader alone, by its password; the socket is in a private folder."""
WAITING = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{READER}' AND wait_event_type = 'Lock'"  # noqa: S608


def obstacle() -> str:
    """Why it cannot be started here; empty where it can."""
    if _program(SERVER) is None or _program(INSTALLER) is None:
        return "PostgreSQL is not installed (Debian: `apt-get install postgresql`)"
    if not has_account(ACCOUNT):
        return f"there is no account {ACCOUNT} to run it as, and it refuses to run as root"
    return "" if find_spec("psycopg") else "its driver is not installed (`pip install 'wavetank[database]'`)"


def _program(name: str) -> str | None:
    """A program of the newest version there is: Debian has them beside one another, and in no folder of commands."""
    versions = sorted(DEBIAN.glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True)
    return shutil.which(name, path=":".join(map(str, versions))) or shutil.which(name)


class PostgreSQL(ProcessServer):
    """PostgreSQL, which writes nothing to the disk before it must."""

    engine: ClassVar[Engine] = Engine.POSTGRESQL
    account: ClassVar[str] = ACCOUNT
    waiting_query: ClassVar[str] = WAITING

    def __init__(self) -> None:
        """Raises NoServerError."""
        super().__init__()
        data = self._folder / DATA
        settings = {
            "listen_addresses": HOST,
            "port": str(self._port),
            "unix_socket_directories": str(self._folder),
            "fsync": "off",
            "shared_buffers": "16MB",
            "log_connections": "on",
            "log_disconnections": "on",
            "log_line_prefix": LINE_PREFIX,
            "lc_messages": "C",
        }
        command = [str(_program(SERVER)), "-D", str(data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self._process = ServerProcess(command, ACCOUNT, self._folder, signal.SIGQUIT)
        try:
            options = ("--no-sync", "--encoding=UTF8", "--locale=C", f"--username={ACCOUNT}", "--auth=trust")
            run_to_end((str(_program(INSTALLER)), "-D", str(data), *options), ACCOUNT, self._folder)
            (data / "pg_hba.conf").write_text(ACCESS)
            self._process.start(partial(self._answers, ACCOUNT))
            self._set_up()
        except BaseException:
            self.close()
            raise

    def _set_up(self) -> None:
        with Session(self._connect(ACCOUNT, autocommit=True)) as session:
            session.execute(f"CREATE DATABASE {DATABASE}")
            session.execute(f"CREATE ROLE {READER} LOGIN PASSWORD '{self._password}'")
        self.execute(
            f"GRANT USAGE ON SCHEMA public TO {READER}",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {READER}",
        )

    def _connect(self, database: str = DATABASE, *, autocommit: bool = False) -> Any:
        import psycopg

        return psycopg.connect(
            host=str(self._folder), port=self._port, user=ACCOUNT, dbname=database, autocommit=autocommit
        )

    def lock(self, table: str) -> Session:
        session = self.session()
        session.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        return session

    def rotate(self) -> None:
        self._password = secrets.token_hex(16)
        self.execute(f"ALTER ROLE {READER} PASSWORD '{self._password}'")

    def moments(self) -> Sequence[Moment]:
        lines = self._process.log.read_text(errors="replace").splitlines()
        return [moment for moment in connections.of_postgresql(lines) if moment.client == HOST]
