"""The oracle: history, ledger, checkers and verdicts. Pure, and shares no code with what it judges.

`history` is what the producer did, `at_rest` what was found, `ledger` where every event is, `hops` the same by hop,
`timeline` and `alarms` what was seen on the way; `evidence` gathers them, `checkers` and `transit_checkers` judge.
Begin with `ledger`.
"""
