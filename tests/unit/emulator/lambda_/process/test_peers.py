"""The Runtime API serves the function's own processes, and nobody else costs it an event."""

import json
import os
import socket
import sys
import threading

import psutil
import pytest

from tests.unit.emulator.lambda_.conftest import Run, Running
from wavetank.emulator.lambda_.process import peers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose a connection is")

TELL_PORT = (
    "import os, time\n"
    "def handler(event, context):\n"
    "    time.sleep(event)\n"
    "    return [event, int(os.environ['AWS_LAMBDA_RUNTIME_API'].split(':')[1])]\n"
)
NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"


def started(run: Run) -> tuple[Running, int]:
    """An environment that has served an event, and the port of its Runtime API."""
    running = run(TELL_PORT)
    assert running.environment.start() is None
    return running, json.loads(running.invoke(b"0").payload)[1]


def answered(outsider: socket.socket) -> bytes:
    received = b""
    while piece := outsider.recv(4096):
        received += piece
    return received


REQUESTS = {
    "the next event": NEXT,
    "an answer": b"POST /2018-06-01/runtime/invocation/request-2/response HTTP/1.1\r\nContent-Length: 1\r\n\r\n9",
    "a failed initialization": b"POST /2018-06-01/runtime/init/error HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
    "half a head": NEXT[:20],
    "nothing": b"",
    "no HTTP": b"\x16\x03\x01\x00",
}


@pytest.mark.parametrize("asked", REQUESTS)
def test_an_outsider_that_waits_for_an_event_is_refused_and_gets_none(asked: str, run: Run) -> None:
    running, port = started(run)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as outsider:
        outsider.sendall(REQUESTS[asked])
        for number in range(3):
            assert json.loads(running.invoke(b"0.05").payload)[0] == 0.05, number
        assert answered(outsider).startswith(b"HTTP/1.1 403 Forbidden\r\n")


def test_an_outsider_during_an_event_is_refused_and_the_event_is_answered(run: Run) -> None:
    running, port = started(run)
    answers = list[bytes]()
    invoking = threading.Thread(target=lambda: answers.append(running.invoke(b"0.5").payload))
    invoking.start()
    for asked in REQUESTS.values():
        with socket.create_connection(("127.0.0.1", port), timeout=10) as outsider:
            outsider.sendall(asked)
            assert answered(outsider).startswith(b"HTTP/1.1 403 Forbidden\r\n")
    invoking.join(10)
    assert json.loads(answers[0])[0] == 0.5


def test_many_outsiders_take_no_descriptor_for_good(run: Run) -> None:
    running, port = started(run)
    before = psutil.Process().num_fds()
    for _ in range(200):
        socket.create_connection(("127.0.0.1", port), timeout=10).close()
        running.invoke(b"0")
    assert psutil.Process().num_fds() <= before + 1


def test_a_connection_that_a_child_of_the_function_makes_is_served(run: Run) -> None:
    running = run(
        "import os, subprocess, sys\n"
        'ASK = \'import os, sys, urllib.request as r; r.urlopen("http://" + sys.argv[1] + "/x")\'\n'
        "def handler(event, context):\n"
        "    command = [sys.executable, '-c', ASK, os.environ['AWS_LAMBDA_RUNTIME_API']]\n"
        "    asked = subprocess.run(command, capture_output=True, text=True, start_new_session=event)\n"
        "    return asked.stderr.splitlines()[-1]\n"
    )
    assert running.environment.start() is None
    for in_its_own_session in (b"true", b"false"):
        assert "HTTP Error 404" in json.loads(running.invoke(in_its_own_session).payload)


def test_connections_that_a_function_keeps_open_are_bounded(run: Run) -> None:
    running = run(
        "import os, socket\n"
        "held = []\n"
        "def handler(event, context):\n"
        "    host, port = os.environ['AWS_LAMBDA_RUNTIME_API'].split(':')\n"
        "    for _ in range(event): held.append(socket.create_connection((host, int(port)), timeout=5))\n"
        "    return held[-1].recv(12).decode()\n"
    )
    assert running.environment.start() is None
    before = psutil.Process().num_fds()
    assert json.loads(running.invoke(b"100").payload) == "HTTP/1.1 403"
    assert psutil.Process().num_fds() <= before + 64


def test_the_kernel_and_the_list_of_all_sockets_name_the_same_socket() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        ends = peers.Ends(*client.getsockname(), *client.getpeername())
        number = os.fstat(client.fileno()).st_ino
        assert peers.listed_number(ends) == number
        if peers.kernel_answers():
            assert peers.socket_number(ends) == number
