"""Filter patterns: which log events match, and the values that a metric may take from them. Pure.

`parse` makes a `Pattern` of a text: terms, a condition on the fields of JSON (`{ … }`), or columns that are divided by
spaces (`[ … ]`). An `Event` is read once for all patterns that look at it.
Source: CloudWatch Logs user guide, "Filter pattern syntax for metric filters, subscription filters, filter log events,
and Live Tail".
"""

from wavetank.emulator.logs.filter_pattern.event import Event
from wavetank.emulator.logs.filter_pattern.parse import InvalidPattern, Pattern, parse

__all__ = ["Event", "InvalidPattern", "Pattern", "parse"]
