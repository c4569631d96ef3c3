"""Merges copies of events into one of each: a function of the set of records, whatever their order or number."""

from collections.abc import Iterable

from pipeline.core.container import Stored


def merge(copies: Iterable[Stored]) -> list[Stored]:
    """One record per event id, by event time and id.

    Of several records with one id the winner is the smallest by (event time, body bytes), never "the last one
    seen", so that arrival order, copies and repeated runs do not show in the result.
    """
    winners: dict[str, Stored] = {}
    for copy in copies:
        held = winners.get(copy.event.id)
        if held is None or _rank(copy) < _rank(held):
            winners[copy.event.id] = copy
    return sorted(winners.values(), key=lambda stored: (stored.event.time_us, stored.event.id))


def _rank(stored: Stored) -> tuple[int, bytes]:
    return stored.event.time_us, stored.body
