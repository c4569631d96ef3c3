"""What of Kinesis is put in place when LocalStack starts, before the service is first used."""

from wavetank.emulator.kinesis import parsing
from wavetank.emulator.runtime.on_import import when_imported


def install() -> None:
    """Read records faster."""
    when_imported(parsing.PARSER, parsing.patch)
