"""Reference data: rows by key that events are enriched with, as snapshots, and which of them holds since when. Pure.

A **reference** is a table that a project names, read from a database or from a file beside its schemas. A **snapshot**
is the whole of it at one moment, named by the digest of its bytes. The **index** of a reference says since when each of
its snapshots is in effect: an event is enriched with the snapshot that was in effect when it arrived, so that it is
enriched to the same bytes whenever it is processed again.
"""
