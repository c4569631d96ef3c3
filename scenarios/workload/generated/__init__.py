"""Generated event types and events: any schema that Avro has, any value of it, the same for the same seed.

`schemas` writes types, `chains` versions of event types, `values` values and their bytes, `folder` a schema folder to
deploy from. Pure but for the folder.
"""
