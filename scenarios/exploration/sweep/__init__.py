"""The sweep: each AWS call of each function goes wrong in each way, one run a cell.

`cells` crosses recorded call sites with ways to go wrong, `paths` are the small runs that make functions call, `sweep`
does it, `table` shows it.
"""
