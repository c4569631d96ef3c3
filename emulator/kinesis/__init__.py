"""Kinesis Data Streams in this process: a pure model of streams and shards under the operations of the API.

`model` is streams as values, `operations` the API, `provider` the plugin, `store` what a stack has. Begin with
`model/stream.py`.
"""
