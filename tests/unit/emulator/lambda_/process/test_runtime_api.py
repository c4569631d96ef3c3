"""The Runtime API as messages."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.lambda_.process.runtime_api import (
    MAX_HEAD,
    MAX_RESPONSE,
    Answered,
    Event,
    InitFailed,
    Message,
    NextAsked,
    ProtocolError,
    Request,
    RequestReader,
    TooLarge,
    Unknown,
    accepted,
    next_event,
    refused,
    understand,
)

NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: here\r\n\r\n"
ANSWER = b"POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\ncontent-LENGTH: 3\r\n\r\n[1]"
BASE = "/2018-06-01/runtime"


@given(cuts=st.lists(st.integers(0, len(NEXT + ANSWER)), max_size=6))
def test_requests_are_the_same_however_the_bytes_arrive(cuts: list[int]) -> None:
    wire, reader, requests = NEXT + ANSWER, RequestReader(), list[Request]()
    edges = [0, *sorted(cuts), len(wire)]
    for start, end in itertools.pairwise(edges):
        requests += reader.feed(wire[start:end])
    assert [understand(request) for request in requests] == [
        NextAsked(),
        Answered("id-1", b"[1]", failed=False),
    ]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request("GET", f"{BASE}/invocation/next", b""), NextAsked()),
        (Request("POST", f"{BASE}/invocation/r/response", b"1"), Answered("r", b"1", failed=False)),
        (Request("POST", f"{BASE}/invocation/r/error", b"{}"), Answered("r", b"{}", failed=True)),
        (Request("POST", f"{BASE}/invocation/r/response", b"", oversize=True), TooLarge("r")),
        (Request("POST", f"{BASE}/init/error", b"{}"), InitFailed(b"{}")),
        (Request("GET", f"{BASE}/init/error", b""), Unknown(f"{BASE}/init/error")),
        (Request("POST", "/2020-01-01/extension/register", b""), Unknown("/2020-01-01/extension/register")),
    ],
)
def test_each_request_says_one_thing(request_: Request, message: Message) -> None:
    assert understand(request_) == message


def test_an_answer_over_the_limit_is_read_to_its_end_but_not_kept() -> None:
    reader = RequestReader()
    size = MAX_RESPONSE + 1
    head = f"POST {BASE}/invocation/r/response HTTP/1.1\r\nContent-Length: {size}\r\n\r\n".encode()
    requests = reader.feed(head)
    for _ in range(size):
        if not (size := size - min(size, 1 << 20)):
            break
        assert reader.feed(bytes(1 << 20)) == []
    requests += reader.feed(bytes((MAX_RESPONSE + 1) % (1 << 20)) + NEXT)
    assert [understand(request) for request in requests] == [TooLarge("r"), NextAsked()]


def test_a_body_that_waits_for_permission_is_told_to_continue_once() -> None:
    reader = RequestReader()
    reader.feed(ANSWER[: -len(b"\r\n\r\n[1]")] + b"\r\nExpect: 100-continue\r\n\r\n")
    assert [reader.wants_continue(), reader.wants_continue()] == [True, False]
    assert [request.body for request in reader.feed(b"[1]")] == [b"[1]"]


@pytest.mark.parametrize("data", [b"nonsense\r\n\r\n", bytes(MAX_HEAD + 1)], ids=["no request", "no end"])
def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        RequestReader().feed(data)


def test_an_event_carries_all_that_the_runtime_is_told() -> None:
    event = Event("id-1", "arn:aws:lambda:eu-west-1:1:function:f", b'{"a":1}', 1234, "Root=1-2;Sampled=1")
    head, _, body = next_event(event).partition(b"\r\n\r\n")
    status, *headers = head.decode().split("\r\n")
    assert (status, body) == ("HTTP/1.1 200 OK", b'{"a":1}')
    assert set(headers) == {
        "Content-Type: application/json",
        "Lambda-Runtime-Aws-Request-Id: id-1",
        "Lambda-Runtime-Deadline-Ms: 1234",
        "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-west-1:1:function:f",
        "Lambda-Runtime-Trace-Id: Root=1-2;Sampled=1",
        "Content-Length: 7",
    }


def test_a_refusal_names_its_reason() -> None:
    head, _, body = refused(413, "RequestEntityTooLarge", "too large").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert json.loads(body) == {"errorMessage": "too large", "errorType": "RequestEntityTooLarge"}
    assert accepted().startswith(b"HTTP/1.1 202 Accepted\r\n")
