"""The inference of an event type from a file of events: what its values are, and the schemas that hold all of them.

An *observation* is what is known of the values at one place after many rows, in bounded memory; `numbers` and `texts`
are its parts. `columns` makes Avro types of observations, `declared` of the types of a Parquet file, each with the
reason. `survey` reads a file once; `identity` finds the field that is the id, by `uniqueness`, and the one that is the
time. `proposal` puts together what is to be written: schemas, a mapping and samples; `proof` feeds the file to it.
"""
