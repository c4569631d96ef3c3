"""Data Firehose: delivery streams that buffer as their hints say and write to S3 on the emulator's clock.

`provider` is the API, `delivery_stream` one delivery stream of it; `source` reads a Kinesis stream, `buffered_delivery`
buffers records and seals chunks, `delivery` writes a chunk, `query` runs the jq program of dynamic partitioning; `core`
decides when, how transformed and under which key. Begin with `delivery_stream`.
"""
