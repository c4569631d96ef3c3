"""Storms: random workloads under random faults, judged like any drill; one that fails is shrunk and saved.

`hazards` draws the faults, `storm` holds the rounds, `shrink` finds the smallest part that still fails, `replay` saves
it.
"""
