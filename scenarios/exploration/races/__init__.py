"""Races: one actor is stopped at each of its AWS calls while another runs to its end, one run a cell.

An *actor* is a function with something to do, or an operator's recovery. `world` is the state in which every run
begins, `actors` are who races, `cells` is the matrix, `races` runs it, `table` shows it.
"""
