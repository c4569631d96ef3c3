"""CloudWatch: metrics and alarms in the emulator's time, beside what LocalStack has of it (dashboards, tags).

A *metric* is put in *data*, each a value or a set of them at a time; `core.metrics` sums them up. A *statistic* over a
*period* makes *datapoints* of them (`core.statistics`), and metric math makes datapoints of datapoints (`core.parsing`,
`core.calculation`); `core.queries` answers what GetMetricData and alarms ask by both. An alarm's *state* follows from
its last datapoints (`core.verdict`), a composite alarm's from other alarms (`core.rule`), whose actions may be
*suppressed* (`core.suppression`). `evaluator` evaluates alarms when their time has come, `actions` tells topics and
functions, and `operations` are the calls of the API. Begin at `evaluator.EVALUATOR`.
"""
