"""Data Firehose: delivery streams that buffer as their hints say and write to S3 on the emulator's clock.

`provider` is the API, `hose` one delivery stream of it; `source` reads a Kinesis stream, `processing` calls a
transformation, `delivery` writes objects, `query` runs the jq program of dynamic partitioning; `core` decides when and
under which key. Begin with `hose`.
"""
