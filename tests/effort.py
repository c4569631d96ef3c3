"""How much a test does: enough to be quick in `make test`, everything in `make long-test`."""

import os

VARIABLE = "WAVETANK_LONG_TESTS"


def much(quick: int, long: int) -> int:
    """`long` where the long tests were asked for, else `quick`."""
    return long if os.environ.get(VARIABLE) else quick
