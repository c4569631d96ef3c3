"""Where one event has been. *Evidence* (`model`) is every place that it was seen at; a *trace* (`assembly`) puts these
in the order of the flow and says the event's *fate*. Begin with `search`, which looks for the evidence: at rest first,
which is bounded by hash bucket and time, then on streams, around the time at which it came.
"""
