"""A report of given-up records raises nothing, wherever it was to go."""

import logging

import pytest

from tests.unit.emulator.lambda_.mappings.stream.batches import REPLY, records
from wavetank.emulator.lambda_.mappings.stream.core.retry import Condition, Discard
from wavetank.emulator.lambda_.mappings.stream.core.settings import MappingSettings, Start
from wavetank.emulator.lambda_.mappings.stream.delivery import report

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"
STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
DISCARD = Discard(records(1, arrived=1.0), Condition.RETRIES, 1, REPLY)


def test_a_destination_that_is_no_arn_is_dropped_with_an_error(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = MappingSettings("u", FUNCTION, STREAM, "role", Start.LATEST, on_failure="nowhere")
    monkeypatch.setattr("wavetank.emulator.lambda_.mappings.stream.delivery.wait_s", lambda _attempts: 0.0)
    with caplog.at_level(logging.ERROR):
        report(settings, DISCARD, "shardId-000000000000")
    assert "was dropped: nowhere" in caplog.text
