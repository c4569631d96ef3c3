"""Event source mappings from Kinesis to Lambda: a pure decision core beside the threads that read and deliver."""
