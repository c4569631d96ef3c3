"""What of Kinesis is put in place when LocalStack starts, before the service is first used."""

from emulator.kinesis import parsing
from emulator.runtime.on_import import when_imported


def install() -> None:
    """Read records faster."""
    when_imported(parsing.PARSER, parsing.patch)
