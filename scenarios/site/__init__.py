"""A site: a stack with the pipeline deployed on it, and what can be done to it.

`site` knows every resource by name, and `waiting` is how it settles; `producer` puts a workload on the raw streams,
`ticks` does what a day of schedules does, `observer` reads all that is at rest, `recovery` brings back what was lost,
refused or late.
"""
