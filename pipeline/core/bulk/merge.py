"""Merges copies of events into one of each: a function of the set of records, whatever their order or number."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from wavetank.pipeline.core.bulk.batch import Batch, joined
from wavetank.pipeline.core.bulk.digests import Digests
from wavetank.pipeline.core.bulk.varints import Ints


def merge(copies: Batch, dropped: Digests) -> Batch:
    """One record per event id, by event time and id; none whose id is `dropped`.

    Of several records with one id the winner is the smallest by (event time, body bytes), never "the last one
    seen", so that arrival order, copies and repeated runs do not show in the result.
    """
    kept = np.ones(len(copies), bool)
    if len(dropped):
        kept &= ~copies.digests.within(dropped)
    kept[list(_losers(copies))] = False
    return copies.take(_in_order(copies, np.flatnonzero(kept)))


def merged_runs(batches: Iterable[Batch]) -> Batch:
    """All of `batches`, which share no id, by event time and id."""
    whole = joined(list(batches))
    return whole.take(_in_order(whole, np.arange(len(whole))))


def _losers(copies: Batch) -> Iterator[int]:
    """Each copy that another one with the same id is smaller than; of equal ones all but the first."""
    winners: dict[bytes, int] = {}
    for index in _suspects(copies.digests):
        held = winners.setdefault(copies.id_at(index), index)
        if held == index:
            continue
        if _rank(copies, index) < _rank(copies, held):
            winners[copies.id_at(index)], index = index, held
        yield index


def _suspects(digests: Digests) -> list[int]:
    """Those whose digest begins as another one's does, in their order."""
    order = np.argsort(digests.first, kind="stable")
    same = digests.first[order][1:] == digests.first[order][:-1]
    several = np.zeros(len(order), bool)
    several[1:] |= same
    several[:-1] |= same
    return [int(index) for index in np.sort(order[several])]


def _rank(copies: Batch, index: int) -> tuple[int, bytes]:
    return int(copies.times[index]), copies.bodies.body(index)


def _in_order(copies: Batch, indices: Ints) -> Ints:
    """`indices` by event time and id."""
    ordered = indices[np.argsort(copies.times[indices], kind="stable")]
    times = copies.times[ordered]
    same = np.zeros(len(ordered) + 1, bool)
    same[1:-1] = times[1:] == times[:-1]
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for position in np.flatnonzero(same[:-1] | same[1:]).tolist():
        groups[int(times[position])].append(position)
    for positions in groups.values():
        ordered[positions] = sorted(ordered[positions].tolist(), key=copies.id_at)
    return ordered
