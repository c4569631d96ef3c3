"""The decisions of a mapping from SQS: batches, and what comes of each message; pure."""
