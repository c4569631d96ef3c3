"""Numbers that never come twice: what tells a stream from an earlier one of the same name."""

import threading


class Ascending:
    """Gives whole numbers that only grow, whatever the clock says; for the life of a process, by any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self, at_least: int) -> int:
        """A number greater than every one before, and not less than `at_least`."""
        with self._lock:
            self._last = max(at_least, self._last + 1)
            return self._last

    def rise_to(self, number: int) -> None:
        """Give only greater numbers from now on: this one is taken."""
        with self._lock:
            self._last = max(self._last, number)
