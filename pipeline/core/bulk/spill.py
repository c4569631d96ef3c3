"""Merges a partition of any size in bounded memory: what does not fit is put in files, and merged from there.

Copies of one id are in one file, chosen by the digest of the id, so that each file is merged by itself. What comes of
it is a run, sorted by event time and id; the runs are then read side by side, a piece of each at a time. What comes out
is what `pipeline.core.bulk.merge` would make of all of it at once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import numpy as np

from wavetank.pipeline.core.bulk.batch import Batch, joined
from wavetank.pipeline.core.bulk.digests import SIZE, Digests
from wavetank.pipeline.core.bulk.merge import merge, merged_runs
from wavetank.pipeline.core.bulk.values import Bodies, Slices
from wavetank.pipeline.core.bulk.varints import padded

BUDGET_BYTES = 32 * 1024 * 1024
"""Bodies held at a time; what is done with them takes a few times as much."""
PIECE_RECORDS = 8 * 1024
FAN_OUT_BITS = 4
DIGEST_BITS = 64
COLUMNS = 4
"""Numbers that are kept of a record beside its body and digest: length, time, where its id is, how long that is."""


def merge_all(batches: Iterable[Batch], dropped: Digests, budget: int = BUDGET_BYTES) -> Iterator[Batch]:
    """The merged events of all `batches`, in order, piece by piece. Temporary files are gone at the end."""
    held: list[Batch] = []
    size = 0
    source = iter(batches)
    for batch in source:
        held.append(batch)
        size += batch.size
        if size > budget:
            break
    else:
        if held:
            yield merge(joined(held), dropped)
        return
    with TemporaryDirectory(prefix="merge-") as folder:
        spilled = _Spill(Path(folder), budget, 0)
        for batch in held:
            spilled.add(batch)
        held.clear()
        for batch in source:
            spilled.add(batch)
        yield from _side_by_side([_Run(path) for path in spilled.runs(dropped)])


@dataclass
class _Spill:
    """Batches, dealt out to files by `FAN_OUT_BITS` bits of the ids' digests, of which `bits` are used up."""

    folder: Path
    budget: int
    bits: int
    _files: dict[int, BinaryIO] = field(default_factory=dict)

    def add(self, batch: Batch) -> None:
        shift = np.uint64(DIGEST_BITS - self.bits - FAN_OUT_BITS)
        which = (batch.digests.first >> shift) & np.uint64((1 << FAN_OUT_BITS) - 1)
        for number in np.unique(which).tolist():
            _write(self._file(number), batch.take(np.flatnonzero(which == number)))

    def runs(self, dropped: Digests) -> Iterator[Path]:
        """A file with the merged events of each; one that is still too large is dealt out again."""
        for number, out in sorted(self._files.items()):
            out.close()
            path = Path(out.name)
            if path.stat().st_size > 2 * self.budget and self.bits + 2 * FAN_OUT_BITS <= DIGEST_BITS:
                finer = _Spill(self.folder / f"{number}", self.budget, self.bits + FAN_OUT_BITS)
                for batch in _pieces(path):
                    finer.add(batch)
                path.unlink()
                yield from finer.runs(dropped)
                continue
            run = merge(joined(list(_pieces(path))), dropped)
            path.unlink()
            with path.open("wb") as again:
                for start in range(0, len(run), PIECE_RECORDS):
                    _write(again, run.take(np.arange(start, min(start + PIECE_RECORDS, len(run)))))
            yield path

    def _file(self, number: int) -> BinaryIO:
        if number not in self._files:
            self.folder.mkdir(exist_ok=True)
            self._files[number] = (self.folder / f"{number}.records").open("wb")
        return self._files[number]


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
        taken, left = self.piece.take(np.arange(count)), self.piece.take(np.arange(count, len(self.piece)))
        self.piece = left if len(left) else self._following
        if not len(left):
            self._following = next(self._source, None)
        return taken


def _side_by_side(runs: list[_Run]) -> Iterator[Batch]:
    """All events of `runs` in order. What is before the first moment at which one of them must read on is complete."""
    while any(run.piece is not None for run in runs):
        bounds = [run.bound for run in runs]
        bound = min((each for each in bounds if each is not None), default=None)
        taken = [batch for run in runs if (batch := run.until(bound)) is not None and len(batch)]
        if taken:
            yield merged_runs(taken)
        for run in runs:
            if bound is not None and run.bound == bound:
                run.read_on()


def _write(out: BinaryIO, batch: Batch) -> None:
    """Append a piece: its number of records, their numbers, digests and bodies."""
    bodies = batch.bodies
    columns = [bodies.ends - bodies.starts, batch.times, batch.ids.starts - bodies.starts, batch.ids.sizes]
    out.write(np.array([len(batch)], "<i8").tobytes() + np.stack(columns).astype("<i8").tobytes())
    out.write(batch.digests.packed())
    out.write(bodies.data[int(bodies.starts[0]) : int(bodies.ends[-1])].data)


def _pieces(path: Path) -> Iterator[Batch]:
    with path.open("rb") as source:
        while head := source.read(8):
            count = int(np.frombuffer(head, "<i8")[0])
            packed = np.frombuffer(source.read(8 * COLUMNS * count), "<i8").reshape(COLUMNS, count)
            lengths, times, id_starts, id_sizes = (column.astype(np.int64) for column in packed)
            digests = Digests.unpacked(source.read(SIZE * count))
            ends = np.cumsum(lengths)
            bodies = Bodies(padded(source.read(int(ends[-1]))), ends - lengths, ends)
            yield Batch(bodies, times, Slices(id_starts + bodies.starts, id_sizes), digests)
