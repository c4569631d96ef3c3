"""Deployed dashboards, drawn from the metrics of any endpoint: `body` reads one, `figures` asks for what it shows.

`geometry` places series in a box; `terminal` and `page` draw them. `wavetank dashboard` is the command.
"""
