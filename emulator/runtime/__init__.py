"""The ground that every emulated service stands on, and the home of what a stack remembers.

`clock` is emulator time, `inflight` knows what is on its way, `doorbell` reaches readers, `callers` tells functions
apart, `delayed_calls` does things later, `batcher` gathers what need not be sent at once, `reset` empties a
stack of data, `on_import` lets a patch wait until the module is loaded that it changes. `guard` is the rule by which a
request is let in.
"""
