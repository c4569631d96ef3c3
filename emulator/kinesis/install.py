"""What of Kinesis is put in place when LocalStack starts, before the service is first used."""

from emulator.imports import when_imported
from emulator.kinesis import parsing


def install() -> None:
    """Read records faster."""
    when_imported(parsing.PARSER, parsing.patch)
