"""The pure core, one verb a file: frame, decode, enrich, route, partition, merge. No I/O, no clock, no AWS."""
