"""Runs: one drill on one site, from workload to verdict, and many of them side by side.

`runner` puts the stages of a run in order, `stages` does them, `steps` carries out the drill's steps within them;
`nemeses` begins, counts and heals what goes wrong; `parallel` starts stacks and shares drills among them; `tracing` and
`sightings` read afterwards what went where and when; `report` is what is said of a run.
"""
