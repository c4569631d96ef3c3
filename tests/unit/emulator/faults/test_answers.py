"""Errors that faults bring about are those that the service has."""

import pytest

from wavetank.emulator.faults.answers import OVERLOADED, Answer, answer_of


def test_without_a_code_a_service_says_that_it_is_overloaded() -> None:
    assert answer_of("s3") == Answer(503, "SlowDown", "Please reduce your request rate.")
    assert answer_of("another") == Answer(503, "ServiceUnavailable", "Service is unavailable. Please try again.")


@pytest.mark.parametrize("service", sorted(OVERLOADED))
def test_a_service_that_is_overloaded_is_to_be_asked_again(service: str) -> None:
    assert answer_of(service).status >= 500


def test_a_code_brings_its_status_and_message() -> None:
    assert answer_of("s3", code="AccessDenied") == Answer(403, "AccessDenied", "Access Denied")
    assert answer_of("lambda", code="ServiceUnavailableException").status == 503


def test_what_is_given_counts() -> None:
    assert answer_of("s3", 418, "Teapot", "short and stout") == Answer(418, "Teapot", "short and stout")
