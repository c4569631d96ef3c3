"""Mutants: known-bad changes to the pipeline, each of which some drill has to catch. `hunt` deploys and drills them."""
