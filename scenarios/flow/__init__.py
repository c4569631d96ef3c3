"""The flow of events through a stage: how many of everything a load makes. Pure, but for `measured`.

A *load* is so many events a second of so many bytes. A *ratio* is how many of one thing come of another: bytes of a
processed event by bytes of a raw one, milliseconds by event. It is measured on a stage that runs, or the default of the
model, and says which. A *case* is a load on the components of a stage with their settings; its *flows*, one an event
type, are what comes of it at each hop, a second: batches, chunks, parts, merges, requests. The *inventory* is what the
stage's templates make, whatever the load. `cost` puts prices on all of these, `limits` holds them against quotas.

Begin with `flow`.
"""
