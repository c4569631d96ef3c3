"""Event source mappings: `stream` for Kinesis, `queue` for SQS; each a pure core beside the threads that read and
deliver.

`plugin` puts them in the place of LocalStack's pollers, `worker` runs one mapping, `life_cycle` begins and ends
its run, `checkpoints` keeps how far it came, `batch_window` cuts what waits into batches.
"""
