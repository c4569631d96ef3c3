"""Calls of AWS are not looked for among pages.

LocalStack looks for every request in two tables, of its own pages and of what services serve beside their API, before
it takes it for a call. That was a tenth of what a small call costs.
"""

import re
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from wavetank.emulator.patches import original, replace
from wavetank.emulator.runtime.on_import import when_imported

Handler = Callable[[Any, Any, Any], None]

SIGNED = "AWS4-HMAC-SHA256 "
"""How the `Authorization` of a call begins (Signature Version 4)."""
PORT = re.compile(r":\d+$")
PLAIN_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]", "localhost.localstack.cloud"})
"""The endpoint itself. What comes under another name may be for a bucket's website, or for the URL of a function."""


def install() -> None:
    """Change the handlers when they are imported; to be called before LocalStack makes its gateway of them."""
    when_imported("localstack.aws.handlers", look_for_pages_only)


def look_for_pages_only(handlers: ModuleType) -> None:
    """Let the tables be searched for what may be a page. Raises TypeError where there are no such tables."""
    for table in ("serve_localstack_resources", "serve_edge_router_rules"):
        replace(handlers, table, _unless_call(original(handlers, table)))


def _unless_call(serve: Handler) -> Handler:
    def serve_pages(chain: Any, context: Any, response: Any) -> None:
        # Of a call from within the operation is known from the start.
        if context.operation is None and not is_call(context.request.path, context.request.headers):
            serve(chain, context, response)

    return serve_pages


def is_call(path: str, headers: Mapping[str, str]) -> bool:
    """Whether a request is surely a call of an AWS API: signed, to the endpoint itself, and for S3 or to no path.

    All protocols but REST send everything to `/`. Other services with REST have paths beside their API.
    """
    signed, host = headers.get("Authorization", ""), headers.get("Host", "")
    if not signed.startswith(SIGNED) or PORT.sub("", host) not in PLAIN_HOSTS:
        return False
    return path == "/" or "/s3/aws4_request" in signed
