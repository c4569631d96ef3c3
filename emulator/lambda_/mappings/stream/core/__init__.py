"""The decisions of a mapping from Kinesis: batches, retries, checkpoints and the order of shards; pure."""
