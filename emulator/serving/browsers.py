"""Browsers that are let in: what they are given is only to be looked at.

Objects in S3 and the answers of functions are written by others, and would be pages of the stack's own origin.
"""

from collections.abc import Callable, Iterable
from typing import Any

from wavetank.emulator.runtime.guard import BROWSERS

Environ = dict[str, Any]
Start = Callable[..., Any]
Application = Callable[[Environ, Start], Iterable[bytes]]

LOOK_ONLY = [("Content-Security-Policy", "sandbox"), ("X-Content-Type-Options", "nosniff")]
"""No script, no form, an origin of its own (Content Security Policy 3, 6.3.2), and the type that is told."""


def look_only(application: Application) -> Application:
    """The application, with `LOOK_ONLY` in what it answers to browsers; SDKs get what AWS would send."""

    def for_browsers(environ: Environ, start: Start) -> Iterable[bytes]:
        if not _is_browser(environ):
            return application(environ, start)

        def start_restricted(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start(status, [*headers, *LOOK_ONLY], exc_info)

        return application(environ, start_restricted)

    return for_browsers


def _is_browser(environ: Environ) -> bool:
    return (
        environ.get("HTTP_USER_AGENT", "").startswith(BROWSERS.decode())
        or "HTTP_SEC_FETCH_SITE" in environ
        or "HTTP_ORIGIN" in environ
        or "text/html" in environ.get("HTTP_ACCEPT", "")
    )
