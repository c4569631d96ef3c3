"""Workloads: the sources of the events of a drill or a feed.

`workload` says which events flow; `synthetic` generates seeded ad events, `shapes` those at the edges, and `sending` is
the way in which one is sent; `source_file` opens a file, whose `rows` are read by `ndjson`, `csv_rows` or
`parquet_rows`; `mapper` turns them into events as a `mapping_file` says, with `json_values` (`json_scalars`,
`json_times`, `json_shapes`) for the values, `json_paths` for the ways to them and `rejects` for the rows that became
none. `source` is what they have in common.
"""
