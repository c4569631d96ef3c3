"""The transport of AWS's runtime interface client in plain Python.

`awslambdaric` brings a compiled `runtime_client` for the Python it was installed for, which Python prefers to this
file in the same folder. This one serves where there is none: macOS, and other versions of Python (from 3.9).
It speaks the same Runtime API: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import http.client
import os

_PREFIX = "/2018-06-01/runtime/invocation"
_ACCEPTED = 202


class _Client:
    """A connection, kept open, and the name that it gives itself."""

    def __init__(self) -> None:
        self.user_agent = "aws-lambda-python"
        self._connection: http.client.HTTPConnection | None = None

    def call(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> http.client.HTTPResponse:
        """The answer to one request, its body not yet read."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
        self._connection.request(method, path, body, {"User-Agent": self.user_agent, **headers})
        return self._connection.getresponse()

    def post(self, invoke_id: str, what: str, body: bytes, headers: dict[str, str]) -> None:
        """Post what became of an event. Raises RuntimeError where it is not taken."""
        response = self.call("POST", f"{_PREFIX}/{invoke_id}/{what}", body, headers)
        response.read()
        if response.status != _ACCEPTED:
            raise RuntimeError(f"Failed to post invocation {what}")


_client = _Client()


def initialize_client(user_agent: str) -> None:
    """Name the client to the Runtime API from now on."""
    _client.user_agent = user_agent


def next() -> tuple[bytes, dict[str, str]]:
    """Wait for the next event: its bytes, and the headers that describe it."""
    response = _client.call("GET", f"{_PREFIX}/next", None, {})
    body = response.read()
    if response.status != http.client.OK:
        raise RuntimeError("Failed to get next")
    return body, dict(response.getheaders())


def post_invocation_result(invoke_id: str, body: bytes, content_type: str, _invocation_id: str | None = None) -> None:
    """Answer an event."""
    _client.post(invoke_id, "response", body, {"Content-Type": content_type})


def post_error(invoke_id: str, body: str | bytes, xray_fault: str, _invocation_id: str | None = None) -> None:
    """Report that the handler failed on an event."""
    headers = {"Content-Type": "application/json", "Lambda-Runtime-Function-XRay-Error-Cause": xray_fault}
    _client.post(invoke_id, "error", body.encode() if isinstance(body, str) else body, headers)
