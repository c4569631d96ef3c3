"""Digests of event ids, by which an id is known where the id itself is not at hand.

An id's digest is its MD5. Its first 32 bits choose the hash bucket. Two ids of one digest would be taken for one across
hours only, where ids are not compared; nobody can find a second id for a digest that somebody else's id has.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wavetank.pipeline.core.route import digest_of

SIZE = 16


@dataclass(frozen=True, slots=True)
class Digests:
    """Digests as numbers: the first and the last eight bytes of each, big-endian."""

    first: NDArray[np.uint64]
    last: NDArray[np.uint64]

    @classmethod
    def unpacked(cls, packed: bytes) -> "Digests":
        """The digests in `packed`, back to back."""
        both = np.frombuffer(packed, ">u8").reshape(-1, 2).astype(np.uint64)
        return cls(np.ascontiguousarray(both[:, 0]), np.ascontiguousarray(both[:, 1]))

    @classmethod
    def of(cls, ids: Iterable[bytes]) -> "Digests":
        """The digests of ids in UTF-8."""
        return cls.unpacked(b"".join(map(digest_of, ids)))

    @classmethod
    def joined(cls, several: Sequence["Digests"]) -> "Digests":
        """All of `several`, one after another."""
        none = np.empty(0, np.uint64)
        first = np.concatenate([none, *(digests.first for digests in several)])
        return cls(first, np.concatenate([none, *(digests.last for digests in several)]))

    def __len__(self) -> int:
        return len(self.first)

    def packed(self) -> bytes:
        """All digests, back to back."""
        return np.stack([self.first, self.last], axis=1).astype(">u8").tobytes()

    def take(self, indices: NDArray[np.int64] | NDArray[np.bool_]) -> "Digests":
        """The digests at `indices`."""
        return Digests(self.first[indices], self.last[indices])

    def unique(self) -> "Digests":
        """Each once, in ascending order."""
        ordered = self.take(np.lexsort((self.last, self.first)))
        new = np.ones(len(ordered), bool)
        new[1:] = (ordered.first[1:] != ordered.first[:-1]) | (ordered.last[1:] != ordered.last[:-1])
        return ordered.take(new)

    def within(self, others: "Digests") -> NDArray[np.bool_]:
        """A mask: which of these digests are in `others`."""
        mask = np.isin(self.first, others.first)
        maybe = np.flatnonzero(mask)
        if maybe.size > 64:
            pairs = set(zip(others.first.tolist(), others.last.tolist(), strict=True))
            mask[maybe] = [(int(self.first[at]), int(self.last[at])) in pairs for at in maybe]
        elif maybe.size:
            mask[maybe] = [bool((others.last[others.first == self.first[at]] == self.last[at]).any()) for at in maybe]
        return mask
