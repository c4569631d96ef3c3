"""The drills: workloads under faults, and the proof that the data at rest are right.

A *drill* is plain data: a *workload* (seeded events), *nemeses* (what goes wrong: a fault of the emulator, a producer
that repeats itself, a bad deployment), *steps* (settle, tick, look, redrive …) and what is expected on the way. A
*site* is a stack with the pipeline deployed on it; a *run* holds one drill on one site: up → inject → during → heal →
after → settle → tick → read → repeat → check → save. The *history* is what the producer did and what came of it; the
*ledger* says of every event that was attempted where it is now; *checkers* look at history, ledger and what is at
rest, and give the *verdict*: pass, fail or inconclusive. All three share no code with the pipeline: they are the
*oracle*.

Begin with `drills/duplicates.py` (a drill), `spec` (its vocabulary), `run/runner.py` (the stages in order) and
`oracle/ledger.py` (what must add up). The rooms, from the ground: `oracle`, `workload`, `spec` and `drills`, `client`,
`site`, `run`, `report`, `exploration`, `commands`, `testing`; each knows only those before it.
"""
