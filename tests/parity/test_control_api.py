"""The control API of a running stack proves what the stack is made of."""

import pytest

from wavetank.emulator.errors import ControlRefused
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack


def test_status_proves_that_every_part_is_ours(stack: EmbeddedStack) -> None:
    status = stack.control.status()
    assert status["ready"] is True
    assert status["foreign"] == {}
    assert status["plugins"] == {
        "kinesis": "wavetank.emulator.kinesis.provider.KinesisProvider",
        "firehose": "wavetank.emulator.firehose.provider.FirehoseProvider",
        "lambda executor": "wavetank.emulator.lambda_.executor.ProcessExecutor",
        "gateway server": "wavetank.emulator.serving.server.LoopbackServer",
        "event source poller": "wavetank.emulator.patches.event_source_mappings.poll_here",
        "asynchronous invocations": "wavetank.emulator.patches.lambda_events.queue_in_emulator_time",
        "s3 notifications": "wavetank.emulator.patches.s3_deliveries.deliver_notifications",
        "sns deliveries": "wavetank.emulator.patches.sns_deliveries.deliver_messages",
        "sqs clock": "wavetank.emulator.patches.sqs_queues.keep_emulator_time",
        "event rules": "wavetank.emulator.patches.event_rules.track_rules",
    }


def test_status_names_process_versions_and_clock(stack: EmbeddedStack) -> None:
    before = stack.control.status()["clock"]
    assert stack.control.advance_clock(60) >= before["now"] + 60
    status = stack.control.status()
    assert status["clock"]["offset_s"] == before["offset_s"] + 60
    assert status["pid"] > 1
    assert status["version"]
    assert status["localstack"].startswith("2026.")


def test_a_service_is_listed_once_it_was_used(stack: EmbeddedStack) -> None:
    stack.client("sts").get_caller_identity()
    assert "sts" in stack.control.status()["services"]


def test_a_refusal_reaches_the_caller_as_a_sentence(stack: EmbeddedStack) -> None:
    with pytest.raises(ControlRefused, match=r"refused \(400\): there is no fault point 'nope'; there are"):
        stack.control.add_fault({"point": "nope", "action": "drop"})
