"""Tells whether texts are unique, exactly and in bounded memory: digests of many are kept in files, and sorted there.

Two texts with one digest of 64 bits are taken for one: a text that is there twice is never missed.
"""

from array import array
from hashlib import blake2b
from pathlib import Path

_IN_MEMORY = 200_000
_BUCKETS = 64
_BUFFERED = 4_096
_DIGEST_BYTES = 8


class Uniqueness:
    """Whether the texts that are added are all different; their digests go to files in `folder` when there are many."""

    def __init__(self, folder: Path, in_memory: int = _IN_MEMORY) -> None:
        self._folder = folder
        self._in_memory = in_memory
        self._digests: set[int] = set()
        self._buckets: list[array[int]] | None = None
        self.repeats = 0

    def add(self, text: str) -> None:
        """Take a text into account; `repeats` counts those that are there already, as far as that is known yet."""
        digest = int.from_bytes(blake2b(text.encode(), digest_size=_DIGEST_BYTES).digest())
        if self._buckets is not None:
            self._put(self._buckets, digest)
        elif digest in self._digests:
            self.repeats += 1
        else:
            self._digests.add(digest)
            if len(self._digests) > self._in_memory:
                self._buckets = [array("Q") for _ in range(_BUCKETS)]
                for kept in self._digests:
                    self._put(self._buckets, kept)
                self._digests.clear()

    def finish(self) -> int:
        """The number of texts that were there already when they were added."""
        for number, bucket in enumerate(self._buckets or ()):
            self._write(number, bucket)
            path = self._path(number)
            if path.exists():
                self.repeats += _repeats(path)
                path.unlink()
        return self.repeats

    def _put(self, buckets: list["array[int]"], digest: int) -> None:
        number = digest % _BUCKETS
        buckets[number].append(digest)
        if len(buckets[number]) >= _BUFFERED:
            self._write(number, buckets[number])

    def _write(self, number: int, bucket: "array[int]") -> None:
        with self._path(number).open("ab") as out:
            bucket.tofile(out)
        del bucket[:]

    def _path(self, number: int) -> Path:
        return self._folder / f"{id(self)}-{number}"


def _repeats(path: Path) -> int:
    import numpy as np

    digests = np.fromfile(path, np.uint64)
    return len(digests) - len(np.unique(digests))
