"""What browsers are given is only to be looked at; what SDKs are given is as it was."""

from typing import Any

import pytest

from wavetank.emulator.serving.server import LOOK_ONLY, look_only

PAGE = [("Content-Type", "text/html"), ("Content-Security-Policy", "script-src *")]


def answered(environ: dict[str, Any]) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []

    def application(_environ: dict[str, Any], start: Any) -> list[bytes]:
        start("200 OK", PAGE)
        return [b"<script>"]

    assert look_only(application)(environ, lambda _status, headers, _error=None: told.extend(headers)) == [b"<script>"]
    return told


@pytest.mark.parametrize(
    "environ",
    [
        {"HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64)"},
        {"HTTP_SEC_FETCH_SITE": "none"},
        {"HTTP_ORIGIN": "http://localhost:3000"},
        {"HTTP_ACCEPT": "text/html,application/xhtml+xml"},
    ],
)
def test_a_browser_gets_a_page_without_scripts_and_an_origin_of_its_own(environ: dict[str, Any]) -> None:
    assert answered(environ) == [*PAGE, *LOOK_ONLY]


@pytest.mark.parametrize("environ", [{}, {"HTTP_USER_AGENT": "Boto3/1.40", "HTTP_ACCEPT": "*/*"}])
def test_an_sdk_gets_what_aws_would_send(environ: dict[str, Any]) -> None:
    assert answered(environ) == PAGE
