"""Descriptors that tell of something: that a process is over, or that there is something to read."""

import os
import select


def exit_notice(pid: int) -> int | None:
    """A descriptor that becomes readable when the process exits; None where the system has none (macOS)."""
    if not hasattr(os, "pidfd_open") or not hasattr(select, "epoll"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def is_readable(descriptor: int, wait_s: float | None) -> bool:
    """Whether there is something to read, at once, in so many seconds, or ever.

    Also where `select` takes no such number.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if wait_s is None else wait_s * 1000))
