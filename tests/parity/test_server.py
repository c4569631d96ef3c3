"""Plain HTTP, TLS and HTTP/2 on the one port of a stack."""

import shutil
import subprocess

import pytest

from emulator.stack import EmbeddedStack

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
