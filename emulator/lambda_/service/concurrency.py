"""The ConcurrentExecutions metric: how many invocations of a function, and of all, run at once.

Source: Lambda developer guide, "Types of metrics for Lambda functions": measured whenever an invocation begins, and to
be read by its maximum.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from wavetank.emulator.lambda_.service import telemetry
from wavetank.emulator.runtime.cloudwatch import Place

METRIC = "ConcurrentExecutions"


class Concurrency:
    """Counts the invocations that run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: Counter[tuple[Place, str | None]] = Counter()

    @contextmanager
    def one(self, place: Place, function: str) -> Iterator[None]:
        """One more invocation of a function runs."""
        keys = ((place, function), (place, None))
        with self._lock:
            self._running.update(keys)
            running = [(key, self._running[key]) for key in keys]
        for (_, of), number in running:
            telemetry.measure(place, of, METRIC, number)
        try:
            yield
        finally:
            with self._lock:
                self._running.subtract(keys)
                self._running += Counter()


CONCURRENCY = Concurrency()
