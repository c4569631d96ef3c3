"""The connections that a database server has seen, as its own log tells of them. Pure.

MariaDB tells by its audit plug-in (MariaDB server documentation, "MariaDB Audit Plugin - Log Format"), PostgreSQL by
`log_connections` and `log_disconnections` (PostgreSQL documentation, "Error Reporting and Logging"). The order of lines
is the order in which it happened: no clock is asked.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

AUDITED = re.compile(
    r"\d{8} [\d:]{8},[^,]*,(?P<user>[^,]*),(?P<client>[^,]*),(?P<number>\d+),\d+,"
    r"(?P<what>CONNECT|FAILED_CONNECT|DISCONNECT),"
)
LOGGED = re.compile(
    r"\|(?P<number>\d+)\|(?P<client>[^|]*)\|\w+: +(?P<what>connection authorized|password authentication failed|"
    r"disconnection)\b.*?\buser[= ]\"?(?P<user>[^\s\"]+)"
)
LINE_PREFIX = "%m|%p|%h|"
"""How lines of PostgreSQL begin that `of_postgresql` reads: time, process, client."""


class What(StrEnum):
    """The kinds of what befalls a connection."""

    OPENED = "opened"
    REFUSED = "refused"
    CLOSED = "closed"


_AUDITED = {"CONNECT": What.OPENED, "FAILED_CONNECT": What.REFUSED, "DISCONNECT": What.CLOSED}
_LOGGED = {
    "connection authorized": What.OPENED,
    "password authentication failed": What.REFUSED,
    "disconnection": What.CLOSED,
}


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that befell a connection: its number at the server, the user that it named, the client's address."""

    number: str
    user: str
    client: str
    what: What


@dataclass(frozen=True, slots=True)
class Connections:
    """The connections of one user, or of several: how many there were, were refused, and were open at once at most."""

    opened: int
    refused: int
    most_at_once: int


def of_mariadb(lines: Iterable[str]) -> Iterator[Moment]:
    """What the lines of MariaDB's audit tell of connections."""
    for line in lines:
        if match := AUDITED.match(line):
            yield Moment(match["number"], match["user"], match["client"], _AUDITED[match["what"]])


def of_postgresql(lines: Iterable[str]) -> Iterator[Moment]:
    """What the lines of PostgreSQL's log tell of connections."""
    for line in lines:
        if match := LOGGED.search(line):
            yield Moment(match["number"], match["user"], match["client"], _LOGGED[match["what"]])


def summed(moments: Iterable[Moment]) -> Connections:
    """How many connections there were, and at once. What is refused was never open, though it is closed after."""
    opened = refused = most = 0
    there = set[str]()
    for moment in moments:
        match moment.what:
            case What.OPENED:
                opened += 1
                there.add(moment.number)
                most = max(most, len(there))
            case What.REFUSED:
                refused += 1
            case What.CLOSED:
                there.discard(moment.number)
    return Connections(opened, refused, most)
