"""Streams as values, without AWS or LocalStack: shards, sequence numbers, retention, limits, export and import.

`stream` puts them together: `shards` are its shards, each with a `log` of records and `limits` on what is read and
written a second; `sequence` makes numbers that never come twice (`generations` is why), `position` is what an iterator
stands for, `consumer` enhanced fan-out, `snapshot` a stream as plain data.
"""
