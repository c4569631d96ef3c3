"""Hands the records of a read to a reader in this process, past the text of the answer.

The call is the API's, with all its checks, limits and faults; only the records do not become JSON on one side to be
read again on the other, which would take longer than all the rest of a delivery. Whoever reads from elsewhere, or on
another thread, gets them in the answer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_TAKER: ContextVar[list[dict[str, Any]] | None] = ContextVar("who takes the records of a read", default=None)


@contextmanager
def taking() -> Iterator[list[dict[str, Any]]]:
    """Take the records of reads that this thread makes inside the block, as the API's JSON has them."""
    records: list[dict[str, Any]] = []
    token = _TAKER.set(records)
    try:
        yield records
    finally:
        _TAKER.reset(token)


def taker() -> list[dict[str, Any]] | None:
    """Where the records of a read go that is being made; None where they belong into its answer."""
    return _TAKER.get()
