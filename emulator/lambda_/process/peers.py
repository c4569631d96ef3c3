"""Peers of the Runtime API: whether a connection comes from a process of the environment.

The port is on loopback, where every process of the machine can connect. What a runtime connects with is known to the
kernel: the socket at the other end, by its number, which must be open in a process that descends from the
environment's keeper. A runtime may connect through a child, as a shell script does with curl.
"""

import os
import socket
import struct
from functools import cache
from pathlib import Path
from typing import NamedTuple

from wavetank.emulator.lambda_.process.usage import descendants

SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST = 1
ANY = 0xFFFFFFFF
HEADER = struct.Struct("=IHHII")
QUESTION = struct.Struct("=BBBxI")
PORTS = struct.Struct("!HH")
NUMBER_AT = HEADER.size + 4 + 48 + 16
"""Where the number of a socket stands in an answer: after its state, its ends, and what is in its queues."""
BIGGEST = 8192
"""Bytes of an answer."""
ANSWER_S = 1.0
TELLS = Path("/proc/net/tcp").exists()


class Ends(NamedTuple):
    """Two ends of a connection, as the one whose socket is looked for sees them."""

    host: str
    port: int
    remote_host: str
    remote_port: int


def is_own(connection: socket.socket, keeper: int) -> bool:
    """Whether the other end belongs to a process that descends from `keeper`.

    Where the system does not tell whose a socket is (elsewhere than on Linux) every connection is taken for one.
    """
    if not TELLS:
        return True
    try:
        ends = Ends(*connection.getpeername(), *connection.getsockname())
        number = socket_number(ends) if kernel_answers() else listed_number(ends)
    except OSError:
        return False
    return number != 0 and any(_has_open(process, number) for process in descendants(keeper))


def _has_open(pid: int, number: int) -> bool:
    """Whether a process has a socket open."""
    name, folder = f"socket:[{number}]", f"/proc/{pid}/fd"
    try:
        descriptors = os.listdir(folder)  # noqa: PTH208
    except OSError:
        return False
    for descriptor in reversed(descriptors):  # The newest comes last, and is likely to be it.
        try:
            if os.readlink(f"{folder}/{descriptor}") == name:  # noqa: PTH115
                return True
        except OSError:
            continue
    return False


@cache
def kernel_answers() -> bool:
    """Whether the kernel can be asked for one socket: some have not the module for it."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        try:
            return socket_number(Ends(*client.getsockname(), *client.getpeername())) == os.fstat(client.fileno()).st_ino
        except OSError:
            return False


def socket_number(ends: Ends) -> int:
    """The number of the socket with these ends; 0 where it belongs to no process. Raises OSError.

    Source: sock_diag(7).
    """
    hosts = (socket.inet_aton(ends.host), bytes(12), socket.inet_aton(ends.remote_host), bytes(12))
    about = b"".join((PORTS.pack(ends.port, ends.remote_port), *hosts, struct.pack("=III", 0, ANY, ANY)))
    question = QUESTION.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, ANY) + about
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, SOCK_DIAG) as kernel:
        kernel.settimeout(ANSWER_S)
        kernel.send(HEADER.pack(HEADER.size + len(question), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 1, 0) + question)
        answer = kernel.recv(BIGGEST)
    if HEADER.unpack_from(answer)[1] != SOCK_DIAG_BY_FAMILY:
        raise OSError("there is no such socket")
    (number,) = struct.unpack_from("=I", answer, NUMBER_AT)
    return int(number)


def listed_number(ends: Ends) -> int:
    """The number of the socket with these ends, as the list of all sockets has it; 0 where it has none."""
    both = f"{_hexadecimal(ends.host, ends.port)} {_hexadecimal(ends.remote_host, ends.remote_port)} "
    with open("/proc/net/tcp") as listed:  # noqa: PTH123
        line = next((line for line in listed if both in line), "")
    return int(line.split()[9]) if line else 0


def _hexadecimal(host: str, port: int) -> str:
    (number,) = struct.unpack("=I", socket.inet_aton(host))
    return f"{number:08X}:{port:04X}"
