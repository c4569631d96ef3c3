"""The CloudFormation template: `render` puts it together from `functions`, `buckets`, `queues` and `permissions`.

`python -m wavetank.pipeline.template` prints it.
"""
