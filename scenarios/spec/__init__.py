"""The vocabulary of a drill, as plain data: `drill` (the whole), `schedules` (what goes wrong, and the steps),
`looks`.

Nothing here does anything; `scenarios.run` and `scenarios.nemesis` carry it out. Begin with `drill`.
"""
