"""Parsers that every request goes through, in time linear in what they parse.

LocalStack finds the URL of a queue in a path, and who calls in an `Authorization`, by expressions that start anew at
every character: one path of 100,000 bytes would hold the interpreter, and with it the whole stack, for a minute. What
werkzeug parses of single headers is bounded where heads are read (`emulator.serving.requests`).
"""

import re
from collections.abc import Mapping
from types import ModuleType

from wavetank.emulator.patches import original, replace
from wavetank.emulator.runtime.on_import import when_imported

QUEUES = "localstack.services.sqs.utils"
CALLERS = "localstack.utils.aws.request_context"

QUEUE_URL = re.compile(r"(?<=[^:]):\d{4,5}/(?:queue/[a-z0-9-]+/)?\d{12}/[a-zA-Z0-9_-]+(?:.fifo)?$")
"""What LocalStack's four expressions for URLs of queues find together."""
A_QUEUE = "http://localhost:4566/queue/us-east-1/000000000000/q"

A_SCOPE = "AWS4-HMAC-SHA256 Credential=AKID/20191124/eu-west-1/sqs/aws4_request, SignedHeaders=host, Signature=0"


def install() -> None:
    """Replace them when their modules are imported, before anybody takes them from there."""
    when_imported(QUEUES, find_queues)
    when_imported(CALLERS, find_callers)


def find_queues(module: ModuleType) -> None:
    """Replace the test for the URL of a queue. Raises TypeError where the module has another."""
    is_url = original(module, "is_sqs_queue_url")
    if not is_url(A_QUEUE) or is_url("/bucket/key"):
        raise TypeError(f"{module.__name__} does not know the URLs that this was written for")
    replace(module, "is_sqs_queue_url", is_queue_url)


def find_callers(module: ModuleType) -> None:
    """Replace the readers of a credential's scope. Raises TypeError where the module reads it otherwise."""
    for name, reader, value in (
        ("extract_access_key_id_from_auth_header", access_key, "AKID"),
        ("extract_region_from_auth_header", region, "eu-west-1"),
    ):
        if original(module, name)({"Authorization": A_SCOPE}) != value:
            raise TypeError(f"{module.__name__} does not read the header that this was written for")
        replace(module, name, reader)


def is_queue_url(url: str) -> bool:
    """Whether this is the URL of a queue, in one of SQS's forms."""
    return QUEUE_URL.search(url) is not None


def access_key(headers: Mapping[str, str]) -> str | None:
    """The access key that a request is signed with, by Signature Version 4 or 2."""
    signed = headers.get("Authorization") or ""
    if signed.startswith("AWS4-"):
        scope = _scope(signed)
        return scope[0] if scope else None
    if signed.startswith("AWS "):
        return signed.removeprefix("AWS ").partition(":")[0]
    return None


def region(headers: Mapping[str, str]) -> str | None:
    """The region of the scope that was signed for (Signature Version 4)."""
    scope = _scope(headers.get("Authorization") or "")
    return scope[2] if scope else None


def _scope(signed: str) -> list[str] | None:
    """Access key, date and region of the last credential in a header."""
    _, credential, rest = signed.rpartition("Credential=")
    *scope, _ = rest.split("/", 3)
    return scope if credential and len(scope) == 3 and all(scope) else None
