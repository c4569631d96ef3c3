"""The outcome of a function's answer, with and without ReportBatchItemFailures."""

import json

import pytest

from tests.unit.emulator.lambda_.mappings.stream.batches import ERROR_REPLY, REPLY, records
from wavetank.emulator.lambda_.mappings.stream.core.response import Failed, Partly, Succeeded, judge

BATCH = records(10, 11, 12)

SUCCESSES = [b"", b"null", b'""', b"[]", b"{}", b'{"batchItemFailures": []}', b'{"batchItemFailures": null}', b"0"]

FAILURES = [
    b'{"batchItemFailures": [{"itemIdentifier": ""}]}',
    b'{"batchItemFailures": [{"itemIdentifier": null}]}',
    b'{"batchItemFailures": [{"itemIdentifier": 11}]}',
    b'{"batchItemFailures": [{"foo": "11"}]}',
    b'{"batchItemFailures": ["11"]}',
    b'{"batchItemFailures": {"itemIdentifier": "11"}}',
    b'{"batchItemFailures": [{"itemIdentifier": "99"}]}',
    b'{"batchItemFailures": [{"itemIdentifier": "12"}, {"itemIdentifier": ""}]}',
    b'"done"',
    b"[1]",
    b"not json",
    b"[" * 100_000,
]


def reported(*identifiers: str) -> bytes:
    return json.dumps({"batchItemFailures": [{"itemIdentifier": i} for i in identifiers]}).encode()


@pytest.mark.parametrize("answer", SUCCESSES)
def test_empty_answers_are_complete_success(answer: bytes) -> None:
    assert judge(REPLY, answer, BATCH, reports_item_failures=True) == Succeeded(REPLY)


@pytest.mark.parametrize("answer", FAILURES)
def test_ill_formed_answers_are_complete_failure(answer: bytes) -> None:
    assert isinstance(judge(REPLY, answer, BATCH, reports_item_failures=True), Failed)


@pytest.mark.parametrize("answer", [*SUCCESSES, *FAILURES, reported("11")])
def test_without_the_setting_the_answer_does_not_matter(answer: bytes) -> None:
    assert judge(REPLY, answer, BATCH, reports_item_failures=False) == Succeeded(REPLY)


@pytest.mark.parametrize(
    ("answer", "done"),
    [(reported("10"), 0), (reported("12"), 2), (reported("12", "11"), 1), (reported("11", "11"), 1)],
)
def test_the_lowest_failed_sequence_number_is_the_checkpoint(answer: bytes, done: int) -> None:
    assert judge(REPLY, answer, BATCH, reports_item_failures=True) == Partly(REPLY, done)


@pytest.mark.parametrize("reports", [True, False])
def test_a_function_error_is_failure_whatever_it_answers(reports: bool) -> None:
    outcome = judge(ERROR_REPLY, b'{"errorType": "KeyError", "errorMessage": "x"}', BATCH, reports)
    assert outcome == Failed(ERROR_REPLY, "KeyError: x")


def test_an_error_that_is_not_an_object_is_told_as_it_is() -> None:
    outcome = judge(ERROR_REPLY, b'"boom"', BATCH, reports_item_failures=False)
    assert outcome == Failed(ERROR_REPLY, '"boom"')


def test_an_error_nested_too_deeply_is_told_as_it_is() -> None:
    outcome = judge(ERROR_REPLY, b"[" * 100_000, BATCH, reports_item_failures=False)
    assert outcome == Failed(ERROR_REPLY, "[" * 200)
