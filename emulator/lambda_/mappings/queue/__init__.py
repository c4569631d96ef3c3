"""Event source mappings from SQS to Lambda: what a queue holds is handed to the function as soon as it is visible."""
