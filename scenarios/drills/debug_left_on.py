"""Somebody sets the log level of the processor to debug, and forgets it."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    MINUTE,
    Advance,
    Drill,
    Reconfigured,
    SendAgain,
    Settle,
    Tag,
    look_when_merged,
)

DRILL = Drill(
    name="debug-left-on",
    hypothesis="A debug level that was left on is told of, as it costs more than what it is about.",
    tags=(Tag.FUNCTIONS, Tag.ALARMS),
    nemeses=(
        Reconfigured(
            {"LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "SystemLogLevel": "INFO"}},
            id="debug-left-on",
        ),
    ),
    during=(
        *(Advance(hours=15 * MINUTE), SendAgain(share=1.0), Settle()) * 4,
        *look_when_merged("while every call was logged", ALL_LANDED),
    ),
    alarms=("wavetank-click-processor-debug-logs",),
)
