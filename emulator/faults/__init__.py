"""Faults: `{point, action, match, when}`, fired at the points of the catalogue and logged at each firing.

`points` is the catalogue, `model` a fault as a value, `parse` its JSON, `decide` whether it fires now (a pure draw from
content), `engine` the faults of a stack; `calls` fires at AWS calls, `stale` serves older answers, `identity` names
events in the same words in every run, `recording` keeps the calls that a sweep needs. Begin with `points`.
"""
