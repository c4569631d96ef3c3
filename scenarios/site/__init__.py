"""A site: a stack with the pipeline deployed on it, and what can be done to it.

`site` feeds, settles and knows every resource by name; `producer` puts a workload on the raw streams, `ticks` does
what a day of schedules does, `observer` reads all that is at rest, `back_fill` merges many hours. `portable` sites
have no control API.
"""
