"""The process of an execution environment: launch or fork, Runtime API, bounds of memory and disk, and its end with
all its children.
"""
