"""Avro by its specification: schemas as values, canonical forms, resolution, compatibility, strict decoding; pure."""
