"""How much a test does (quick in `make test`, everything in `make long-test`), and how much work costs as it grows."""

import os
import time
from collections.abc import Callable

VARIABLE = "WAVETANK_LONG_TESTS"


def much(quick: int, long: int) -> int:
    """`long` where the long tests were asked for, else `quick`."""
    return long if os.environ.get(VARIABLE) else quick


GRAIN_S = 0.002
"""Less than this is the grain of the clock and of what comes between."""
ROUNDS = 10


def cost_s(work: Callable[[], object]) -> float:
    """Processor seconds of the process that some work takes."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def grows_within(times: float, small: Callable[[], object], large: Callable[[], object]) -> bool:
    """Whether `large` costs at most `times` as much as `small`, going by the least that each took.

    Both are measured in turn until they do, ten times at most: what else the machine or the process does can make
    one round dear, but not all of them, and a cost that grows as the square does is over the bound in each.
    """
    small_s = large_s = float("inf")
    for _ in range(ROUNDS):
        small_s, large_s = min(small_s, cost_s(small)), min(large_s, cost_s(large))
        if large_s <= times * max(small_s, GRAIN_S):
            return True
    return False
