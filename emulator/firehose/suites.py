"""What the environment of a stack sets for suites of tests that wait for deliveries, as those of LocalStack do.

Such a suite waits for seconds, and some of what it asks for AWS would refuse: ARNs that break a pattern, record format
conversion without a schema, partition keys of a function that is not there, results without a status. With the
interval capped this is let through unless it is forbidden; a line in the log tells which request it was.
"""

import os

LONGEST_INTERVAL_VARIABLE = "WAVETANK_FIREHOSE_MAX_INTERVAL_S"
"""Caps every buffer interval, for clients that will not wait; the descriptions still show the hints."""

LENIENT_VARIABLE = "WAVETANK_FIREHOSE_LENIENT"
"""`0` keeps AWS's rules where the interval is capped, `1` lets such requests through where it is not."""


def longest_interval_s() -> float | None:
    """The cap on buffer intervals, in seconds; None where there is none."""
    text = os.environ.get(LONGEST_INTERVAL_VARIABLE)
    return float(text) if text else None


def is_lenient() -> bool:
    """Whether what LocalStack takes and AWS refuses is let through."""
    text = os.environ.get(LENIENT_VARIABLE)
    return text == "1" if text else longest_interval_s() is not None
