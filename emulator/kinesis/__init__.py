"""Kinesis Data Streams in this process: a pure model of streams and shards under the operations of the API.

`model` is streams as values, `operations` the API, `provider` the plugin, `store` the streams of a stack, `metrics` the
counts that are sent to CloudWatch, `state` export and import. Begin with `model/stream.py`.
"""
