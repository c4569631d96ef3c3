"""The dashboards: one a component of the pipeline with a row for each event type, and an overview of all. Pure.

`resources` puts them together from the rows in `components` and `overview`, whose charts are of `lines` and `widgets`.
They are in CloudFormation stacks of their own: a change of them touches nothing that runs, and the templates of what
runs stay as short as they are. They follow from names alone, so that no setting of an event type changes them.
"""
