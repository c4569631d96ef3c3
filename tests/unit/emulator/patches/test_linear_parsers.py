"""What every request goes through finds what LocalStack's own finds, in time that grows as its input does."""

import re
from collections.abc import Callable
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from localstack.aws.handlers import cors
from localstack.services.s3 import presigned_url
from localstack.services.s3.utils import S3_VIRTUAL_HOSTNAME_REGEX
from localstack.services.sqs import constants
from werkzeug.http import parse_accept_header, parse_dict_header, parse_etags, parse_options_header
from werkzeug.sansio.http import parse_cookie

from tests.effort import cost_s, grows_within
from wavetank.emulator.patches import gateway_pages, linear_parsers
from wavetank.emulator.serving.requests import LARGEST_HEAD, LARGEST_PARSED, LARGEST_TARGET

TOKENS: tuple[str, ...] = (
    "a",
    "/",
    ".",
    ":",
    ",",
    "=",
    '"',
    ";",
    " ",
    "\t",
    "\\",
    "-",
    "0",
    "%2F",
    "a.",
    "a:",
    "a,",
    "a;",
    "a=",
    "a;a=",
)
TOKENS += ("queue.", "sqs.a.", ":1234/", ":1234/queue/a/", "Credential=", "Credential=a/", ".s3.", ".s3-website.", "W/")
TOKENS += (", ", " ;", "*=", ";q=", '""', "\\\\", "://", "[", "?", "&a=", ".lambda-url.")

SIGNED = "AWS4-HMAC-SHA256 "
LINEAR: dict[str, tuple[Callable[[str], object], int]] = {
    "URL of a queue": (linear_parsers.is_queue_url, LARGEST_TARGET),
    "access key": (lambda text: linear_parsers.access_key({"Authorization": SIGNED + text}), LARGEST_HEAD),
    "access key of version 2": (lambda text: linear_parsers.access_key({"Authorization": "AWS " + text}), LARGEST_HEAD),
    "region": (lambda text: linear_parsers.region({"Authorization": text}), LARGEST_HEAD),
    "call": (lambda text: gateway_pages.is_call("/", {"Authorization": SIGNED, "Host": text}), LARGEST_HEAD),
    "bucket in the host": (re.compile(S3_VIRTUAL_HOSTNAME_REGEX).match, LARGEST_PARSED),
    "port in the host": (re.compile(presigned_url.HOST_COMBINATION_REGEX).match, LARGEST_PARSED),
    "website in the origin": (cors.DYNAMIC_INTERNAL_ORIGINS[0].match, LARGEST_PARSED),
}
"""Parsers and the longest that they are given."""

BOUNDED: dict[str, Callable[[str], object]] = {
    "media types": parse_accept_header,
    "options": lambda text: parse_options_header("text/plain;" + text),
    "pairs": parse_dict_header,
    "entity tags": parse_etags,
    "cookies": parse_cookie,
}
"""Parsers of single headers that are not linear, and so are given no more than `LARGEST_PARSED`."""

LONG_S = 2.0


def filled(token: str, length: int, end: str) -> str:
    return (token * (length // len(token) + 1))[:length] + end


@pytest.mark.parametrize(("parse", "longest"), LINEAR.values(), ids=LINEAR)
def test_four_times_the_input_takes_no_more_than_some_four_times_the_time(
    parse: Callable[[str], object], longest: int
) -> None:
    """What starts anew at each character would take sixteen times as long."""
    for token in TOKENS:
        for end in ("", "!\n!"):
            small, large = filled(token, longest // 4, end), filled(token, longest, end)
            assert grows_within(10, partial(parse, small), partial(parse, large)), token


@pytest.mark.parametrize("parse", BOUNDED.values(), ids=BOUNDED)
def test_a_header_at_its_limit_is_parsed_in_a_moment(parse: Callable[[str], object]) -> None:
    for token in TOKENS:
        assert cost_s(partial(parse, filled(token, LARGEST_PARSED, "!"))) < LONG_S, token


# The same as LocalStack's own

PARTS = ("a", ":", "4566", "/", "queue/", "us-east-1", "000000000000", "q.fifo", "sqs.", "queue.", ".", "-", "\n")


@given(st.lists(st.sampled_from(PARTS), max_size=14).map("".join))
def test_urls_of_queues_are_those_that_localstack_knows(url: str) -> None:
    patterns = [pattern for name, pattern in vars(constants).items() if name.endswith("_STRATEGY_URL_REGEX")]
    assert len(patterns) == 4
    assert linear_parsers.is_queue_url(url) == any(re.search(pattern, url) for pattern in patterns)


@pytest.mark.parametrize(
    "url",
    [
        "http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/q",
        "http://us-east-1.queue.localhost.localstack.cloud:4566/000000000000/q.fifo",
        "http://localhost:4566/queue/us-east-1/000000000000/q",
        "http://localhost:4566/000000000000/q",
    ],
)
def test_each_form_of_a_url_of_a_queue_is_known(url: str) -> None:
    assert linear_parsers.is_queue_url(url)
    assert not linear_parsers.is_queue_url(url + "/more")


def region_of_old(signed: str) -> str | None:
    region = re.sub(r".*Credential=[^/]+/[^/]+/([^/]+)/.*", r"\1", signed)
    return None if region == signed else region


def key_of_old(signed: str) -> str | None:
    keys = re.findall(r".*Credential=([^/]+)/[^/]+/[^/]+/.*", signed)
    return keys[0] if keys else None


SCOPES = st.lists(st.sampled_from(["AKID", "us-east-1", "/", "/", "/", "20191124", "aws4_request", ","]), max_size=12)


@given(SCOPES.map("".join), st.sampled_from([SIGNED, "Bearer ", ""]), st.booleans())
def test_the_scope_of_a_credential_is_read_as_localstack_reads_it(scope: str, scheme: str, named: bool) -> None:
    signed = scheme + ("Credential=" if named else "") + scope
    assert linear_parsers.region({"Authorization": signed}) == region_of_old(signed)
    if scheme == SIGNED:
        assert linear_parsers.access_key({"Authorization": signed}) == key_of_old(signed)


def test_version_2_names_the_access_key_too() -> None:
    assert linear_parsers.access_key({"Authorization": "AWS AKID:signature"}) == "AKID"
    assert linear_parsers.access_key({}) is None


@pytest.mark.parametrize(
    ("patch", "functions"),
    [
        (linear_parsers.find_queues, {"is_sqs_queue_url": lambda _url: True}),
        (
            linear_parsers.find_callers,
            {
                "extract_access_key_id_from_auth_header": lambda _headers: "AKID",
                "extract_region_from_auth_header": lambda _headers: None,
            },
        ),
    ],
)
def test_another_module_than_this_was_written_for_is_not_patched(patch: Any, functions: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="written for"):
        patch(cast(ModuleType, SimpleNamespace(__name__="other", **functions)))
