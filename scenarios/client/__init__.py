"""The clients outside the pipeline: a producer, and readers of what is at rest.

`wire` encodes events, `batches` groups them, `producer` puts them on the raw streams, `feed` a whole source; `at_rest`
reads the data of record, `quarantine` reads and re-drives what was set aside, `warehouse` queries Parquet; `inference`
proposes an event type for a file. Written from the specification of the wire format and of the keys, not from the
pipeline's code: an oracle that shares code with its subject shares its bugs.
"""
