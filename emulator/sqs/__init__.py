"""LocalStack's SQS on the emulator's clock: `timetable` knows when a queue changes next, `metrics` gathers its counts.

The patches `sqs_queues` and `sqs_metrics` put them in place.
"""
