"""Waiting in tests: look until it holds, or a deadline passes."""

import time
from collections.abc import Callable

LOOK_S = 0.02


def until(holds: Callable[[], object], timeout_s: float = 10.0) -> bool:
    """Whether `holds()` became true within `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_S)
    return True
