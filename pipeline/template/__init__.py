"""The CloudFormation template: `render` puts it together from `functions` and their queues, `buckets`, `permissions`.

`python -m wavetank.pipeline.template` prints it.
"""
