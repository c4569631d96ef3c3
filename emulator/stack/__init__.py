"""A stack from its owner's side: start, find, use and end it; imports nothing of LocalStack.

`stack` is the interface, whatever it runs in; `start` brings an embedded one up and proves that it is the one asked
for, `process` ends it with all it started, `pidfile` says whose it is, `home` where its state lies, `environment` what
it is told, `control` speaks to its control API, `fault_blocks` are faults for a `with`, `uncontrolled` is AWS itself.
"""
