"""Runs: one drill on one site, from workload to verdict, and many of them side by side.

`runner` puts the stages of a run in order, `stages` does them, `nemeses` begins, counts and heals what goes wrong;
`parallel` shares drills among sites, `own_stacks` starts the sites; `tracing` and `sightings` read afterwards what went
where and when; `report` is what is said of a run.
"""
