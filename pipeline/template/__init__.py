"""The CloudFormation template: `render` puts it together from `functions` (with their queues), `buckets` and `permissions`.

`python -m wavetank.pipeline.template` prints it.
"""
