"""Which shards of a stream may be read: a shard is read once its parents have been read to their ends.

Source: Kinesis developer guide, "Resharding, Data Routing, and Data Persistence": records of a partition key
are in a parent before they are in its child, so order by key needs the parent drained first.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass


@dataclass(frozen=True)
class Shard:
    """A shard as ListShards tells it; parents that have expired from the stream may still be named."""

    shard_id: str
    parents: tuple[str, ...] = ()
    is_open: bool = True


def readable(shards: Iterable[Shard], finished: Set[str]) -> list[str]:
    """Ids of the shards that are not finished and whose parents are finished or no longer there."""
    known = {shard.shard_id: shard for shard in shards}
    return [
        shard_id
        for shard_id, shard in known.items()
        if shard_id not in finished and all(parent in finished or parent not in known for parent in shard.parents)
    ]
