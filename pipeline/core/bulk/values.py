"""Avro bodies by the batch, and where the values in them are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wavetank.pipeline.core.bulk.varints import Bytes, Ints, padded


@dataclass(frozen=True, slots=True)
class Bodies:
    """Avro bodies of one schema in one array of bytes: body i is `data[starts[i]:ends[i]]`."""

    data: Bytes
    starts: Ints
    ends: Ints

    @classmethod
    def of(cls, bodies: Sequence[bytes]) -> "Bodies":
        """The batch of `bodies`, back to back."""
        ends = np.cumsum([0, *map(len, bodies)], dtype=np.int64)
        return cls(padded(b"".join(bodies)), ends[:-1], ends[1:])

    def __len__(self) -> int:
        return len(self.starts)

    def body(self, index: int) -> bytes:
        """One of them."""
        return self.data[self.starts[index] : self.ends[index]].tobytes()

    def each(self) -> list[bytes]:
        """All of them."""
        data = self.data.tobytes()
        return [data[start:end] for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True)]

    def range(self, first: int, end: int) -> "Bodies":
        """Those from `first` to before `end`, which lie back to back; with a copy of their bytes alone."""
        if first >= end:
            return Bodies.of([])
        start, stop = int(self.starts[first]), int(self.ends[end - 1])
        data = padded(self.data[start:stop].data)
        return Bodies(data, self.starts[first:end] - start, self.ends[first:end] - start)


@dataclass(frozen=True, slots=True)
class Numbers:
    """A value each, as Avro has it on the wire: a number, a boolean as 0 or 1, an enum's symbol as its index."""

    values: NDArray[np.number[Any]]


@dataclass(frozen=True, slots=True)
class Slices:
    """Bytes each: where they start, and how many. The starts ascend."""

    starts: Ints
    sizes: Ints


@dataclass(frozen=True, slots=True)
class Nothing:
    """Null, so many times."""

    count: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A union: which branch each has, and of each branch the values of those that have it."""

    branch: Ints
    branches: "tuple[Parsed, ...]"


@dataclass(frozen=True, slots=True)
class Items:
    """Arrays: how many items each has, and all items one after another."""

    counts: Ints
    items: "Parsed"


@dataclass(frozen=True, slots=True)
class Entries:
    """Maps: how many entries each has, and all keys and values one after another."""

    counts: Ints
    keys: Slices
    values: "Parsed"


@dataclass(frozen=True, slots=True)
class Fields:
    """Records: the values of each field, by its name."""

    fields: "dict[str, Parsed]"


Parsed = Numbers | Slices | Nothing | Choice | Items | Entries | Fields
