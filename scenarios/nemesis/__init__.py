"""Nemeses: what makes things go wrong in a run, counts how often it did, and heals it.

`driver` begins and heals the nemeses of a drill; `deployment` breaks what is deployed, `container` the whole emulator.
"""
