"""Puts the tracked deliveries into LocalStack, each when the service that it belongs to is first loaded."""

from wavetank.emulator.deliveries import discard, events, lambda_async, s3, sns, sqs
from wavetank.emulator.runtime.inflight import IN_FLIGHT
from wavetank.emulator.runtime.on_import import when_imported


def install() -> None:
    """Track every delivery from now on; one that does not fit this LocalStack fails the load of its service."""
    when_imported("localstack.services.s3.notifications", s3.patch)
    when_imported("localstack.services.sns.publisher", sns.patch)
    when_imported("localstack.services.events.provider", events.patch)
    when_imported("localstack.services.lambda_.invocation.event_manager", lambda_async.patch)
    IN_FLIGHT.watch(sqs.HOP, sqs.probe)
    discard.install()
