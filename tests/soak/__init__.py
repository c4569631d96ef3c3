"""Hostile and ordinary traffic on one stack, side by side, for minutes: `make soak`.

`hostile` are attacks on the port and the process, `ordinary` is the traffic of a developer and of the pipeline, and
`footprint` is what the process takes. That has to be back in the end, and the ordinary traffic must have lost nothing.
All of it is bounded in number and time, and goes to the loopback interface only.
"""
