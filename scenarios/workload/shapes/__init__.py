"""Shapes: events at the edges of what a pipeline takes, each shape for the mistakes of one kind.

`catalogue` has them by name. A shape is a generator: it takes a `base.Base` (seed, times, schemas) and gives events of
the usual event types, the same for the same base. `identities`, `moments`, `contents` and `writing` hold the generators
by what is at the edge: who an event is, when it was, what it says, how it is written.
"""
