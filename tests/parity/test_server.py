"""Plain HTTP, TLS and HTTP/2 on the one port of a stack."""

import base64
import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

import psutil
import pytest

from tests.http2 import http2
from tests.waiting import until
from wavetank.emulator.serving.requests import LARGEST_PARSED, LARGEST_TARGET
from wavetank.emulator.stack.stack import EmbeddedStack

CURL = shutil.which("curl")


@pytest.mark.skipif(CURL is None, reason="needs curl")
@pytest.mark.parametrize(
    ("scheme", "options", "version"),
    [("http", [], "1.1"), ("https", ["--insecure", "--http1.1"], "1.1"), ("http", ["--http2-prior-knowledge"], "2")],
    ids=["plain", "TLS", "HTTP/2"],
)
def test_one_port_speaks(stack: EmbeddedStack, scheme: str, options: list[str], version: str) -> None:
    url = f"{scheme}://127.0.0.1:{stack.port}/_wavetank/status"
    command = [
        str(CURL),
        "--silent",
        "--noproxy",
        "*",
        "--max-time",
        "20",
        "--write-out",
        "\n%{http_version}",
        *options,
        url,
    ]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    body, _, spoken = answer.stdout.rpartition("\n")
    assert '"ready": true' in body
    assert spoken == version


# HTTP/2: a client that announces to leave


def kinesis(action: str) -> dict[str, str]:
    scope = "test/20191124/us-east-1/kinesis/aws4_request"
    return {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": f"Kinesis_20131202.{action}",
        "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
    }


@pytest.fixture(scope="module")
def stream(stack: EmbeddedStack) -> str:
    """A stream with one shard and 200,000 bytes in it."""
    client = stack.client("kinesis")
    client.create_stream(StreamName="http2", ShardCount=1)
    client.get_waiter("stream_exists").wait(StreamName="http2")
    for _ in range(4):
        client.put_record(StreamName="http2", PartitionKey="k", Data=b"x" * 50_000)
    return str(client.describe_stream_summary(StreamName="http2")["StreamDescriptionSummary"]["StreamARN"])


@pytest.mark.stack
def test_an_answer_that_has_begun_goes_on_after_the_client_has_said_goodbye(stack: EmbeddedStack, stream: str) -> None:
    client = stack.client("kinesis")
    where = {"StreamARN": stream, "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    iterator = client.get_shard_iterator(**where)["ShardIterator"]
    with http2(stack.port) as connection:
        asked = connection.ask("/", kinesis("GetRecords"), json.dumps({"ShardIterator": iterator}).encode())
        connection.leave()
        assert connection.listen(lambda: asked in connection.ended)
        assert connection.status[asked] == 200
        assert len(json.loads(connection.bodies[asked])["Records"]) == 4
        assert connection.closed()


@pytest.mark.stack
def test_a_subscription_goes_on_after_the_client_has_said_goodbye(stack: EmbeddedStack, stream: str) -> None:
    client = stack.client("kinesis")
    consumer = client.register_stream_consumer(StreamARN=stream, ConsumerName="http2")["Consumer"]["ConsumerARN"]
    request = {
        "ConsumerARN": consumer,
        "ShardId": "shardId-000000000000",
        "StartingPosition": {"Type": "TRIM_HORIZON"},
    }
    with http2(stack.port) as connection:
        asked = connection.ask("/", kinesis("SubscribeToShard"), json.dumps(request).encode())
        connection.leave()
        assert connection.listen(lambda: connection.bodies[asked].count(b"SubscribeToShardEvent") >= 1)
        client.put_record(StreamName="http2", PartitionKey="k", Data=b"after the goodbye")
        later = base64.b64encode(b"after the goodbye")
        assert connection.listen(lambda: later in connection.bodies[asked])
        assert asked not in connection.ended


# What is handed over to Twisted


@pytest.mark.stack
@pytest.mark.parametrize("length", [LARGEST_TARGET + 1, 20_000, 100_000])
def test_a_long_target_is_refused_also_over_tls(stack: EmbeddedStack, length: int) -> None:
    heard = b""
    with suppress(ConnectionError, ssl.SSLError), secure(stack) as connection:
        connection.sendall(b"GET /%b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % (b"a" * length))
        while more := connection.recv(65536):
            heard += more
    assert heard.startswith(b"HTTP/1.1 414 ")


@pytest.mark.stack
def test_a_long_target_is_refused_also_over_http_2(stack: EmbeddedStack) -> None:
    with http2(stack.port) as connection:
        asked = connection.ask("/" + "a" * LARGEST_TARGET, {}, method="GET")
        assert connection.listen(lambda: asked in connection.ended)
        assert connection.status[asked] == 414


@contextmanager
def secure(stack: EmbeddedStack) -> Iterator[ssl.SSLSocket]:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", stack.port), timeout=20) as plain, context.wrap_socket(plain) as safe:
        yield safe


WEBSOCKET = (
    b"GET /no-such-socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
NO_WEBSOCKET = WEBSOCKET.replace(b"Sec-WebSocket-Key", b"X-Key")


def answered(port: int, request: bytes) -> bytes:
    """All that comes until the server closes."""
    heard = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        while more := connection.recv(65536):
            heard += more
    return heard


@pytest.mark.stack
@pytest.mark.parametrize("request_", [WEBSOCKET, NO_WEBSOCKET], ids=["to nowhere", "that is none"])
def test_a_websocket_that_is_refused_is_closed(stack: EmbeddedStack, request_: bytes) -> None:
    assert answered(stack.port, request_).split(b" ")[1].startswith(b"4")


@pytest.mark.stack
def test_many_refused_websockets_leave_nothing_behind_and_harm_no_other_connection(stack: EmbeddedStack) -> None:
    def connections() -> int:
        return len([each for each in psutil.Process(stack.pid).net_connections("tcp") if each.raddr])

    def open_and_close(number: int) -> None:
        if number % 2:
            answered(stack.port, WEBSOCKET)
        else:
            with socket.create_connection(("127.0.0.1", stack.port), timeout=20) as connection:
                connection.sendall(WEBSOCKET)

    before = connections()
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(open_and_close, range(100)))
    for _ in range(5):
        with secure(stack) as connection:
            connection.sendall(b"GET /_wavetank/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert until(lambda: connections() <= before)


@pytest.mark.skipif(CURL is None, reason="needs curl")
@pytest.mark.stack
def test_a_client_that_offers_http_2_in_clear_text_is_served_over_http_1(stack: EmbeddedStack) -> None:
    url = f"http://127.0.0.1:{stack.port}/_wavetank/status"
    command = [str(CURL), "--silent", "--noproxy", "*", "--max-time", "20", "--http2", url]
    assert '"ready": true' in subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.stack
@pytest.mark.skipif(not hasattr(psutil, "RLIMIT_NOFILE"), reason="needs prlimit")
def test_a_stack_that_had_no_descriptors_left_hears_again(stack: EmbeddedStack) -> None:
    process = psutil.Process(stack.pid)
    usual = process.rlimit(psutil.RLIMIT_NOFILE)
    assert usual[0] == usual[1]
    process.rlimit(psutil.RLIMIT_NOFILE, (process.num_fds() + 10, usual[1]))
    try:
        with ExitStack() as crowd:
            for _ in range(60):
                crowd.enter_context(socket.create_connection(("127.0.0.1", stack.port), timeout=20))
            assert until(lambda: "connections have to wait" in stack.folder.log.read_text())
    finally:
        process.rlimit(psutil.RLIMIT_NOFILE, usual)
    assert stack.control.status()["ready"]


# Nothing takes long

SCOPE = "AWS4-HMAC-SHA256 Credential=test/20191124/us-east-1/s3/aws4_request, SignedHeaders=host, Signature="
FORM = "application/x-www-form-urlencoded"
TOKENS = (
    "a",
    "/",
    "-",
    "0",
    ".",
    ",",
    ";",
    "%20",
    "=",
    ":1234/",
    "queue.",
    "Credential=a/",
    "Credential=",
    ".s3.",
    "a&",
)
A_LONG_TIME_S = 1.0
"""Of the processor. What starts anew at each character takes more for the longest of each."""


def long_request(place: str, token: str) -> bytes:
    """A request with the longest of one of its parts, made of one token."""
    text = (token * 256_000)[:256_000]
    target, headers, body, method = "/", {"Host": "localhost", "Connection": "close"}, "", "GET"
    match place:
        case "path":
            target = "/" + text[: LARGEST_TARGET - 1]
        case "query":
            target = "/?" + text[: LARGEST_TARGET - 2]
        case "key":
            target, headers["Authorization"] = "/bucket/" + text[: LARGEST_TARGET - 8], SCOPE
        case "form":
            method, body, headers["Content-Type"] = "POST", text[:100_000], FORM
        case "metadata":
            headers["X-Amz-Meta-Text"] = text[:100_000]
        case _:
            headers[place] = (SCOPE if place == "Authorization" else "") + text[: LARGEST_PARSED - len(SCOPE)]
    if body:
        headers["Content-Length"] = str(len(body))
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


@pytest.mark.stack
@pytest.mark.parametrize(
    "place",
    ["path", "query", "key", "form", "metadata", "Authorization", "Host", "Accept", "Content-Type", "Cookie", "Origin"],
)
def test_no_request_holds_up_the_others(stack: EmbeddedStack, place: str) -> None:
    process = psutil.Process(stack.pid)
    for token in TOKENS:
        before = sum(process.cpu_times()[:2])
        assert answered(stack.port, long_request(place, token)).startswith(b"HTTP/1.1 ")
        assert sum(process.cpu_times()[:2]) - before < A_LONG_TIME_S, token
