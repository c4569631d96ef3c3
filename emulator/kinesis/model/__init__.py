"""Streams as values, without AWS or LocalStack: shards, sequence numbers, retention, limits, export and import.

`stream` puts them together: `family` is a stream's shards, `shard` one of them with its `log`; `sequence` makes
numbers that never come twice, `position` is what an iterator stands for, `metering` what may be read and written a
second.
"""
