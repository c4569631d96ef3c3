"""Whether a descriptor has something to tell, also where `select` takes no such number."""

import select


def is_readable(descriptor: int, wait_s: float | None) -> bool:
    """Whether there is something to read, at once, in so many seconds, or ever."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if wait_s is None else wait_s * 1000))
