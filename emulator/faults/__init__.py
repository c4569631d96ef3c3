"""Faults: `{point, action, match, when}`, struck where the catalogue of points says, logged at each firing.

`points` is the catalogue, `model` a fault as a value, `parse` its JSON, `decide` whether it strikes now (a pure draw
from content), `engine` the faults of a stack; `calls` strikes at AWS calls, `stale` serves older answers, `identity`
names what was struck, `recording` keeps the calls that a sweep needs. Begin with `points`.
"""
