"""The CloudFormation template: `render` puts it together from `functions` and their queues, `buckets`, `permissions`.

`wavetank template` prints it.
"""
