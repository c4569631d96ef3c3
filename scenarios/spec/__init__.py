"""The vocabulary of a drill, as plain values: `drill` (the whole), `steps` and `looks`, `nemesis` and the `nemeses`.

A nemesis knows its site as `nemesis.Place` says, no AWS library and no LocalStack; `scenarios.run` carries a drill out.
Begin with `drill`.
"""
