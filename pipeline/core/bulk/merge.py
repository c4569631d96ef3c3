"""Merges copies of events into one of each: a function of the set of records, whatever their order or number.

A partition of any size is merged in bounded memory: what does not fit is put in files, and merged from there. Copies of
one id are in one file, chosen by the digest of the id, so that each file is merged by itself. Each gives a run, sorted
by event time and id; the runs are then read side by side, a piece of each at a time. The result is the one that `merge`
would make of everything at once.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import numpy as np

from wavetank.pipeline.core.bulk.batch import Batch, joined
from wavetank.pipeline.core.bulk.digests import SIZE, Digests
from wavetank.pipeline.core.bulk.values import Bodies, Ints, Slices, padded
from wavetank.pipeline.core.sizes import SIZES, Sizes

FAN_OUT_BITS = 4
DIGEST_BITS = 64
COLUMNS = 5
"""Numbers that are kept of a record beside its body and digest: length, time, where its id is, how long that is, and
as of when it was enriched."""


def merge_all(batches: Iterable[Batch], dropped: Digests, sizes: Sizes = SIZES) -> Iterator[Batch]:
    """The merged events of all `batches`, in order, piece by piece. Temporary files are gone at the end.

    Bodies of `sizes.merge_bytes` are held at a time; what is done with them takes a few times as much.
    """
    in_memory: list[Batch] = []
    size = 0
    source = iter(batches)
    for batch in source:
        in_memory.append(batch)
        size += batch.size
        if size > sizes.merge_bytes:
            break
    else:
        if in_memory:
            yield merge(joined(in_memory), dropped)
        return
    with TemporaryDirectory(prefix="merge-") as folder:
        spilled = _Spill(Path(folder), sizes, 0)
        for batch in in_memory:
            spilled.add(batch)
        in_memory.clear()
        for batch in source:
            spilled.add(batch)
        yield from _side_by_side([_Run(path) for path in spilled.runs(dropped)])


def merge(copies: Batch, dropped: Digests) -> Batch:
    """A batch with one record per event id, by event time and id; none whose id is `dropped`.

    Of several records with one id the winner is the smallest by (event time, as of when it was enriched, body bytes),
    never "the last one seen", so that arrival order, copies and repeated runs do not show in the result. Nor does it
    show that an event came again after reference data had changed: what was enriched before them stays.
    """
    kept = np.ones(len(copies), bool)
    if len(dropped):
        kept &= ~copies.digests.within(dropped)
    kept[list(_losers(copies))] = False
    return copies.take(_in_order(copies, np.flatnonzero(kept)))


def _losers(copies: Batch) -> Iterator[int]:
    """Each copy that another one with the same id is smaller than; of equal ones all but the first.

    Only records are compared whose digest begins as another one's does.
    """
    first = copies.digests.first
    order = np.argsort(first, kind="stable")
    same = first[order][1:] == first[order][:-1]
    several = np.zeros(len(order), bool)
    several[1:] |= same
    several[:-1] |= same
    winners: dict[bytes, int] = {}
    for index in np.sort(order[several]).tolist():
        winner = winners.setdefault(copies.id_at(index), index)
        if winner == index:
            continue
        if _rank(copies, index) < _rank(copies, winner):
            winners[copies.id_at(index)], index = index, winner
        yield index


def _rank(copies: Batch, index: int) -> tuple[int, int, bytes]:
    return int(copies.times[index]), int(copies.as_of[index]), copies.bodies.body(index)


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


@dataclass
class _Spill:
    """Batches, dealt out to files by `FAN_OUT_BITS` bits of the ids' digests, of which `bits` are used up."""

    folder: Path
    sizes: Sizes
    bits: int
    _files: dict[int, BinaryIO] = field(default_factory=dict)

    def add(self, batch: Batch) -> None:
        shift = np.uint64(DIGEST_BITS - self.bits - FAN_OUT_BITS)
        which = (batch.digests.first >> shift) & np.uint64((1 << FAN_OUT_BITS) - 1)
        for number in np.unique(which).tolist():
            if number not in self._files:
                self.folder.mkdir(exist_ok=True)
                self._files[number] = (self.folder / f"{number}.records").open("wb")
            _write(self._files[number], batch.take(np.flatnonzero(which == number)))

    def runs(self, dropped: Digests) -> Iterator[Path]:
        """A file with the merged events of each; one that is still too large is dealt out again."""
        for number, out in sorted(self._files.items()):
            out.close()
            path = Path(out.name)
            if path.stat().st_size > 2 * self.sizes.merge_bytes and self.bits + 2 * FAN_OUT_BITS <= DIGEST_BITS:
                finer = _Spill(self.folder / f"{number}", self.sizes, self.bits + FAN_OUT_BITS)
                for batch in _pieces(path):
                    finer.add(batch)
                path.unlink()
                yield from finer.runs(dropped)
                continue
            run = merge(joined(list(_pieces(path))), dropped)
            path.unlink()
            with path.open("wb") as again:
                for start in range(0, len(run), self.sizes.piece_records):
                    _write(again, run.take(np.arange(start, min(start + self.sizes.piece_records, len(run)))))
            yield path


class _Run:
    """Events in order, read piece by piece: those that were read and not yet taken."""

    def __init__(self, path: Path) -> None:
        self._source = _pieces(path)
        self.piece: Batch | None = next(self._source, None)
        self._following = next(self._source, None)

    @property
    def bound(self) -> int | None:
        """Events after this time may not have been read; None where all were."""
        if self._following is None or self.piece is None:
            return None
        return int(self.piece.times[-1])

    def read_on(self) -> None:
        """Read one piece more."""
        if self.piece is not None and self._following is not None:
            self.piece = joined([self.piece, self._following])
            self._following = next(self._source, None)

    def until(self, time: int | None) -> Batch | None:
        """Take the events before `time`; all where that is None."""
        if self.piece is None:
            return None
        count = len(self.piece) if time is None else int(np.searchsorted(self.piece.times, time))
        taken, rest = self.piece.take(np.arange(count)), self.piece.take(np.arange(count, len(self.piece)))
        self.piece = rest if len(rest) else self._following
        if not len(rest):
            self._following = next(self._source, None)
        return taken


def _side_by_side(runs: list[_Run]) -> Iterator[Batch]:
    """All events of `runs` in order. What is before the first moment at which one of them must read on is complete."""
    while any(run.piece is not None for run in runs):
        bounds = [run.bound for run in runs]
        bound = min((time for time in bounds if time is not None), default=None)
        taken = [batch for run in runs if (batch := run.until(bound)) is not None and len(batch)]
        if taken:
            events = joined(taken)
            yield events.take(_in_order(events, np.arange(len(events))))
        for run in runs:
            if bound is not None and run.bound == bound:
                run.read_on()


def _write(out: BinaryIO, batch: Batch) -> None:
    """Append a piece: its number of records, their numbers, digests and bodies."""
    bodies = batch.bodies
    ids = batch.ids
    columns = [bodies.ends - bodies.starts, batch.times, ids.starts - bodies.starts, ids.sizes, batch.as_of]
    out.write(np.array([len(batch)], "<i8").tobytes() + np.stack(columns).astype("<i8").tobytes())
    out.write(batch.digests.packed())
    out.write(bodies.data[int(bodies.starts[0]) : int(bodies.ends[-1])].data)


def _pieces(path: Path) -> Iterator[Batch]:
    with path.open("rb") as source:
        while head := source.read(8):
            count = int(np.frombuffer(head, "<i8")[0])
            packed = np.frombuffer(source.read(8 * COLUMNS * count), "<i8").reshape(COLUMNS, count)
            lengths, times, id_starts, id_sizes, as_of = (column.astype(np.int64) for column in packed)
            digests = Digests.unpacked(source.read(SIZE * count))
            ends = np.cumsum(lengths)
            bodies = Bodies(padded(source.read(int(ends[-1]))), ends - lengths, ends)
            yield Batch(bodies, times, Slices(id_starts + bodies.starts, id_sizes), digests, as_of)
