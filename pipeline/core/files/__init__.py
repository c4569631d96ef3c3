"""Files at rest: Avro containers, Parquet and id indexes; the same records give the same bytes."""
