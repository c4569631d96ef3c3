"""The event pipeline as it ships to AWS; it knows neither the emulator nor whether it runs there.

An *event type* is a folder of schemas; the *topology* derives streams, functions and alarms from them, the *template*
renders them for CloudFormation. *Handlers* are the functions: each reads its event, asks the pure *core*, and writes
through `aws`. A *part* is a file of one chunk and one partition; a *partition* is event type, date, hour and hash
bucket.

Begin with `topology.py`, `handlers/processor.py` (raw to processed), `handlers/partitioner.py` (chunk to parts) and
`handlers/concatenator.py` (parts to one file). The keys of all buckets: `layout.py`. Errors, by whose fault:
`errors.py`.
"""
