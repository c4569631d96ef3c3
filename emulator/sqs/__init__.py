"""LocalStack's SQS on the emulator's clock, with a bell for those who read its queues."""

from wavetank.emulator.sqs.patch import install

__all__ = ["install"]
