"""Routes of the gateway and of every service without what nobody asks of them.

One is the way back, from values to a URL: Werkzeug compiles two functions for each rule that build URLs, and
LocalStack makes a few thousand rules, most of them several times over. That was a fifth of what a deployment costs the
stack, and nothing here ever builds a URL.

The other is that of calls of AWS, which LocalStack looks for in two tables, of its own pages and of what services serve
beside their API, before it takes them for calls. That was a tenth of what a small call costs.
"""

import re
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from wavetank.emulator.runtime.on_import import when_imported

Build = Callable[..., tuple[str, str]]
Handler = Callable[[Any, Any, Any], None]

SIGNED = "AWS4-HMAC-SHA256 "
"""How the `Authorization` of a call begins (Signature Version 4)."""
PORT = re.compile(r":\d+$")
PLAIN_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]", "localhost.localstack.cloud"})
"""The endpoint itself. What comes under another name may be for a bucket's website, or for the URL of a function."""


def install() -> None:
    """Let rules compile what builds URLs when the first URL is built, and tables be searched where it may be there."""
    when_imported("werkzeug.routing.rules", _build_later)
    when_imported("localstack.aws.handlers", _look_for_pages_only)


def _build_later(rules: ModuleType) -> None:
    compile_builder = rules.Rule._compile_builder

    def later(rule: Any, append_unknown: bool = True) -> Build:
        def build(_rule: Any, **values: Any) -> tuple[str, str]:
            builder = compile_builder(rule, append_unknown).__get__(rule, None)
            setattr(rule, "_build_unknown" if append_unknown else "_build", builder)
            built: tuple[str, str] = builder(**values)
            return built

        return build

    rules.Rule._compile_builder = later


def _look_for_pages_only(handlers: ModuleType) -> None:
    for table in ("serve_localstack_resources", "serve_edge_router_rules"):
        vars(handlers)[table] = _unless_call(getattr(handlers, table))


def _unless_call(serve: Handler) -> Handler:
    def serve_pages(chain: Any, context: Any, response: Any) -> None:
        # Of a call from within it is known from the start.
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
