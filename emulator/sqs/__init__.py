"""The metrics of LocalStack's SQS, gathered; the patch `sqs_metrics` puts them in place."""
