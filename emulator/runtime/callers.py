"""Who calls AWS: the environments of functions, told apart by the credentials that each of them got.

The function executor enrols an environment; the fault layer asks whose a call is. Credentials are what AWS itself
knows a caller by, and nothing in a function's process is different for it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf


@dataclass
class Doom:
    """The death of a process at the `call`-th AWS call of an invocation: before the call takes effect, or after."""

    call: int
    after: bool


@dataclass
class Caller:
    """One environment: the name of its function, and how to end its process at once.

    time_out: end it as one whose time is over, which is after `timeout_s`.
    """

    function: str
    kill: Callable[[], None]
    time_out: Callable[[], None] = lambda: None
    timeout_s: float = inf
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _doom: Doom | None = None

    def sentence(self, doom: Doom) -> None:
        """Let the process die as `doom` says; an earlier sentence is forgotten."""
        with self._lock:
            self._doom = doom

    def pardon(self) -> None:
        """Forget a sentence that was not carried out."""
        with self._lock:
            self._doom = None

    def due(self) -> Doom | None:
        """Count a call of this environment; its doom when this is the call that it dies at."""
        with self._lock:
            if self._doom is None:
                return None
            self._doom.call -= 1
            if self._doom.call > 0:
                return None
            doom, self._doom = self._doom, None
            return doom


class Callers:
    """Callers by access key id; every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_key: dict[str, Caller] = {}
        self._condemned = 0

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
    def any_condemned(self) -> bool:
        """Whether some caller may be sentenced: ask before going to expense for a caller."""
        return self._condemned > 0

    def condemning(self, more: int) -> None:
        """One sentence more (1) or less (-1) is under way."""
        with self._lock:
            self._condemned += more


CALLERS = Callers()
