"""The CloudFormation template: `render` puts it together from `functions`, `buckets`, `permissions`, `dashboards`.

`wavetank template` prints it.
"""
