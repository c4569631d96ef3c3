"""The nemeses: what can go wrong in a drill, a kind a file, each with its own healing.

`fault` is a fault of the emulator; `producer`, `schemas`, `references`, `functions`, `streams`, `ticks` and `container`
break what their names say. To add one, add a class with the methods of `spec.nemesis.Nemesis` that it needs.
"""
