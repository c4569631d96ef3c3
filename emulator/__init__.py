"""The emulator: LocalStack with plugins of ours, and the stack that runs it.

A *stack* is AWS on this machine, in a process of its own or in a container, behind one interface (`stack`); the
pipeline is put on it by `deploy`. Inside, *services* (`kinesis`, `lambda_`, `firehose`, `sqs`, `s3`, `cloudformation`,
`scheduler`, `tagging`) answer AWS's API, *deliveries* carry notifications between them, `serving` is the HTTP server,
and `patches` are the changes to LocalStack, one a file. All of them stand on `runtime`: the *clock* (emulator time),
what is *in flight* (so that *settle* can say when nothing is), who calls. A *fault* strikes at a *point* of the
catalogue in `faults/points.py`; `control_api` sets faults, moves the clock, settles.

Begin with `plugins.py` (everything that LocalStack loads of ours), `stack/stack.py` (the owner's side) and
`install.py` (what is put in place at start, in order).
"""
