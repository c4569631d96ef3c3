"""The AWS calls of the handlers, with their retries, and where things are in the data bucket.

`calls` are the calls, `put_records` fills streams, `partitions` lists parts and id indexes, `schemas` keeps registries
warm, `plan` finds what to merge and what came too late, `environment` reads variables and scheduled events, `report`
writes the lines of the log that metrics are taken from, `service_clock` is the time by which ages are reckoned.
"""
