"""What a mapping remembers across disabling, enabling and updating: how far it is in each shard."""

import threading
from dataclasses import dataclass, field

from wavetank.emulator.lambda_.mappings.stream.core.position import Position


@dataclass
class Memory:
    """The checkpoints of one mapping, and the lease that only one run of it holds at a time.

    Shards are known by their ids, which mean nothing in another stream of the same name: `created` (seconds since the
    epoch) tells which one it was, None before any was seen.
    """

    created: float | None = None
    positions: dict[str, Position] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)
    started: bool = False
    lease: threading.Lock = field(default_factory=threading.Lock)

    def is_of_another(self, created: float) -> bool:
        """Whether what is remembered is of another stream than the one made then."""
        return self.created is not None and self.created != created

    def begin_anew(self) -> None:
        """Forget every place: the stream of before is gone, and the one that took its name is read whole."""
        self.positions.clear()
        self.finished.clear()
        self.started = True

    def forget_expired(self, shard_ids: set[str]) -> None:
        """Drop shards that the stream no longer has."""
        self.finished &= shard_ids
        for gone in self.positions.keys() - shard_ids:
            del self.positions[gone]


class Memories:
    """The memory of each mapping by UUID; every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_uuid: dict[str, Memory] = {}

    def of(self, uuid: str) -> Memory:
        """The memory of a mapping, empty for a new one."""
        with self._lock:
            return self._by_uuid.setdefault(uuid, Memory())

    def forget(self, uuid: str) -> None:
        """Drop the memory of a deleted mapping; an unknown one is ignored."""
        with self._lock:
            self._by_uuid.pop(uuid, None)


MEMORIES = Memories()
