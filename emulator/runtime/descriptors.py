"""How many files and sockets the stack may have open: as many as the system lets it.

The soft limit is 256 on macOS and 1,024 on most systems, for the sake of programs that use `select`; a stack has a
descriptor for each connection and several for each function. Functions get back what they have on AWS (see
`lambda_/runtime/bootstrap.py`).
"""

import contextlib
import resource

MOST = 1 << 20
"""Some systems say that there is no limit, and then refuse so many; nobody opens as many as this."""
USUAL = 10_240
"""What macOS allows at most, also where it says that there is no limit (OPEN_MAX)."""


def raise_limit() -> int:
    """Raise the soft limit to the hard one: what it is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (MOST, USUAL):
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if limit <= soft:
            break
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
            return limit
    return soft
