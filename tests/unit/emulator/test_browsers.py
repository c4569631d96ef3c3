"""What browsers are given is only to be looked at; what SDKs are given is as it was."""

import re
from types import ModuleType
from typing import Any

import pytest

from wavetank.emulator.runtime.guard import Guard
from wavetank.emulator.serving.browsers import LOOK_ONLY, follow, look_only

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


def test_localstack_trusts_the_origins_that_the_guard_does_and_no_others() -> None:
    cors = ModuleType("cors")
    held = ["https://app.localstack.cloud", "https://localhost"]
    vars(cors).update(ALLOWED_CORS_ORIGINS=held, DYNAMIC_INTERNAL_ORIGINS=(re.compile("(.*)"),))
    follow(Guard(origins=frozenset({"http://localhost:3000"})), cors)
    assert held == ["http://localhost:3000"]
    assert cors.DYNAMIC_INTERNAL_ORIGINS == ()


def test_another_check_of_origins_than_localstacks_is_not_patched() -> None:
    other = ModuleType("cors")
    vars(other).update(ALLOWED_CORS_ORIGINS=frozenset(), DYNAMIC_INTERNAL_ORIGINS=())
    with pytest.raises(TypeError, match="not the one this was written for"):
        follow(Guard(), other)
