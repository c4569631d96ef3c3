"""Which messages come again after an answer."""

import json

import pytest

from wavetank.emulator.lambda_.mappings.queue.core.response import failures
from wavetank.emulator.lambda_.mappings.stream.core.response import Answer, Reply

IDS = ("m1", "m2", "m3")


def answer(payload: bytes, function_error: str | None = None) -> Answer:
    return Answer(Reply("request", function_error=function_error), payload)


def report(*identifiers: object) -> bytes:
    return json.dumps({"batchItemFailures": [{"itemIdentifier": item} for item in identifiers]}).encode()


@pytest.mark.parametrize("payload", [b"", b"null", b"{}", report(), b'{"batchItemFailures": null}'])
def test_nothing_after_an_empty_report(payload: bytes) -> None:
    assert failures(answer(payload), IDS, reports_item_failures=True) == frozenset()


def test_those_reported() -> None:
    assert failures(answer(report("m3", "m1")), IDS, reports_item_failures=True) == {"m1", "m3"}


@pytest.mark.parametrize("payload", [report(""), report(None), report("m1", "m9"), b"no json", b'"text"', b"[1]"])
def test_all_after_an_ill_formed_report(payload: bytes) -> None:
    assert failures(answer(payload), IDS, reports_item_failures=True) == set(IDS)


@pytest.mark.parametrize("reports", [True, False])
def test_all_after_a_function_error(reports: bool) -> None:
    assert failures(answer(b"null", "Unhandled"), IDS, reports) == set(IDS)


def test_nothing_after_a_report_that_nobody_asked_for() -> None:
    assert failures(answer(report("m1")), IDS, reports_item_failures=False) == frozenset()
