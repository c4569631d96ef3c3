"""Who calls AWS: the environments of functions, told apart by the credentials that each of them got.

The function executor enrols an environment; the fault layer asks whose a call is. Credentials are what AWS itself
knows a caller by, and nothing in a function's process is different for it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf


@dataclass
class PlannedKill:
    """A kill of a process at the `call`-th AWS call of an invocation: before the call takes effect, or after."""

    call: int
    after: bool


@dataclass
class Caller:
    """An environment of a function: the function's name, and how to end its process at once.

    time_out: end it as one whose time is over, which is after `timeout_s`.
    """

    function: str
    kill: Callable[[], None]
    time_out: Callable[[], None] = lambda: None
    timeout_s: float = inf
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _planned: PlannedKill | None = None

    def kill_at(self, planned_kill: PlannedKill) -> None:
        """Plan the kill of the process; it takes the place of one planned before."""
        with self._lock:
            self._planned = planned_kill

    def cancel(self) -> None:
        """Drop a planned kill that has not come."""
        with self._lock:
            self._planned = None

    def count_call(self) -> PlannedKill | None:
        """Count a call of this environment; the planned kill when it is due at this call."""
        with self._lock:
            if self._planned is None:
                return None
            self._planned.call -= 1
            if self._planned.call > 0:
                return None
            planned_kill, self._planned = self._planned, None
            return planned_kill


class Callers:
    """Callers by access key id; every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_key: dict[str, Caller] = {}
        self._planned_kills = 0

    def enrol(self, access_key_id: str, caller: Caller) -> None:
        """Calls signed with this key are the caller's from now on."""
        with self._lock:
            self._by_key[access_key_id] = caller

    def strike_off(self, access_key_id: str) -> None:
        """Forget a key; an unknown one is ignored."""
        with self._lock:
            self._by_key.pop(access_key_id, None)

    def find(self, access_key_id: str | None) -> Caller | None:
        """Whose key it is; None when no function's."""
        return self._by_key.get(access_key_id) if access_key_id else None

    @property
    def any_planned(self) -> bool:
        """Whether the kill of some caller is planned: ask before going to expense for a caller."""
        return self._planned_kills > 0

    def planned(self, more: int) -> None:
        """Count a planned kill more (1) or less (-1)."""
        with self._lock:
            self._planned_kills += more


CALLERS = Callers()
