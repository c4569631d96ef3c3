"""The AWS calls of the handlers, with their retries, and where things are in the data bucket.

`calls` are the calls, `put_records` fills streams, `partitions` lists parts and id indexes, `schemas` keeps registries
warm, `plan` finds what to merge, `late` what came too late, `tick` reads a scheduled event.
"""
