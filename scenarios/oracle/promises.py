"""The numbers that the pipeline promises, as docs/promises.md states them; the oracle has them from nowhere else.

None is taken from the pipeline: where one is changed there alone, drills fail.
"""

from datetime import timedelta

SHARDS = 2
"""Shards of each stream."""
GIVE_UP_AFTER = timedelta(hours=12)
"""A batch that still fails so long after its first record arrived is given up, and set aside."""
STREAM_RETENTION = timedelta(hours=24)
"""A stream keeps a record for so long: what was given up can be fetched from it for as long again."""
FUTURE_BOUND = timedelta(minutes=60)
"""An event whose time is more than so much after its arrival is set aside."""
BEHIND_AFTER = timedelta(minutes=15)
"""The alarm of a processor rings when it reads records that are older."""

EFFECTIVE_AFTER = timedelta(seconds=60)
"""A snapshot of reference data is in effect so long after it was published; the first one from the beginning."""

CHUNK_BUFFER = timedelta(seconds=60)
"""An event is in a chunk so long after it was processed, or sooner where there are many."""
CHUNK_GRACE = timedelta(minutes=10)
"""A chunk that is younger is left to its notification; one that is so old and not done is announced again."""
REPLAYED_EVERY = timedelta(minutes=15)
"""The time between two runs of the replayer, which finds chunks of the look-back."""

HASH_BUCKETS = 2
"""Partitions of an event type in an hour: the bucket is the first 32 bits of the MD5 of the id, modulo this."""
LOOK_BACK_HOURS = 12
"""A run merges every hour that overlaps so many hours before it, and so long apart two copies are one event."""
PLANNED_AT = timedelta(minutes=5)
"""The run of an hour is so long after its beginning."""
MERGE_ATTEMPTS = 5
"""A merge is tried so often before it is given up."""

DEAD_MERGE_RETENTION = timedelta(days=14)
"""A merge that was given up is kept for so long, as long as SQS keeps anything."""
CHUNK_RETENTION = timedelta(days=7)
"""A chunk expires so long after it was written, if it is partitioned."""
PART_RETENTION = timedelta(days=7)
"""A part expires so long after it was written, if it is merged."""
QUARANTINE_RETENTION = timedelta(days=90)
"""A record in quarantine expires after so long, if it was re-driven."""
