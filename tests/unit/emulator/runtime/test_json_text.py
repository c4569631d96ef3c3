"""JSON from outside is read, or refused with a ValueError: nothing else comes of it."""

import base64
import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from localstack.aws.api.lambda_ import InvalidRequestContentException

from wavetank.emulator.lambda_.execution.failures import failure_of
from wavetank.emulator.lambda_.mappings.stream.core.response import failed_items
from wavetank.emulator.lambda_.process.runtime_api import InitFailed
from wavetank.emulator.lambda_.service.request_checks import check_event, client_context
from wavetank.emulator.runtime.json_text import parsed, strictly_parsed

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=30)
@given(JSON)
def test_what_was_written_is_read(value: object) -> None:
    assert parsed(json.dumps(value)) == value


@settings(max_examples=30)
@given(JSON)
def test_what_was_written_in_utf8_is_read_strictly(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False)
    try:
        written = text.encode()
    except UnicodeEncodeError:
        return
    assert strictly_parsed(written) == value


@given(st.binary() | st.text(alphabet='[]{}",:0123456789eE+-.\\u nulltrfas').map(str.encode))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    for read in (parsed, strictly_parsed):
        try:
            read(raw)
        except ValueError:
            continue


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000])
def test_what_is_nested_too_deeply_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        parsed(text)
    with pytest.raises(ValueError, match="nested too deeply"):
        strictly_parsed(text.encode())


DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    ("read", "refusal"),
    [
        (lambda text: check_event(text, "RequestResponse"), InvalidRequestContentException),
        (lambda text: client_context(base64.b64encode(text).decode()), InvalidRequestContentException),
        (failed_items, ValueError),
    ],
    ids=["event", "client context", "response"],
)
def test_whoever_takes_json_refuses_what_is_nested_too_deeply(
    read: Callable[[bytes], object], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        read(DEEP)


def test_an_error_that_is_nested_too_deeply_is_answered_as_it_is() -> None:
    fault = failure_of(InitFailed(DEEP), 3)
    assert fault.payload("request") == DEEP


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (b'{"a": 1, "b": 2, "a": 3}', "the name 'a' twice"),
        (b'[{"x": {"": 1, "": 1}}]', "the name '' twice"),
        (b"[NaN]", "NaN is not a number"),
        (b"-Infinity", "-Infinity is not a number"),
        (b"1e999", "1e999 is too large"),
        (b"[-1e999]", "-1e999 is too large"),
        (b"9" * 5000, "digits"),
        (b'"\xff"', "utf-8"),
        ('"ä"'.encode("utf-16"), "utf-8"),
        (b'"\\ud800"', "surrogates not allowed"),
        (b'{"\\uDC00": 1}', "surrogates not allowed"),
    ],
)
def test_what_no_json_may_have_is_refused_strictly(text: bytes, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        strictly_parsed(text)


def test_a_pair_of_surrogates_is_a_character() -> None:
    assert strictly_parsed(b'"\\ud83c\\udf0a"') == "\U0001f30a"
