"""What of Kinesis is put in place when LocalStack starts, before the service is first used."""

from emulator.imports import when_imported
from emulator.kinesis import parsing

STREAM_RESOURCE = "localstack.services.kinesis.resource_providers.aws_kinesis_stream"


def install() -> None:
    """Read records faster."""
    when_imported(parsing.PARSER, parsing.patch)
